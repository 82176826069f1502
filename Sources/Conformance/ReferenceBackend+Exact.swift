public import Compute
import Foundation

// Operations on exact values.

extension ReferenceBackend {
  /// Computes `out = sum over k of c_k x_k`.
  public func combine(_ terms: [Term], into destination: Buffer) {
    checkCombine(terms, destination)
    var sums = [Double](repeating: 0, count: destination.count)
    for term in terms {
      for (index, value) in term.buffer.values.enumerated() { sums[index] += term.coefficient * value }
    }
    destination.values = sums
  }

  /// Computes `out = min(max(x, lower), upper)`.
  public func clamp(_ source: Buffer, lower: Float, upper: Float, into destination: Buffer) {
    checkLengths(source, destination)
    precondition(lower <= upper, "no value is at least \(lower) and at most \(upper)")
    destination.values = source.values.map { limited($0, Double(lower), Double(upper)) }
  }

  /// Computes `out[r, i] = clamp(x[r, i], -s[r], s[r]) / s[r]`.
  public func clampRows(_ source: Buffer, limits: Buffer, into destination: Buffer) {
    mapRows(source, limits, into: destination) { x, s in limited(x, -s, s) / s }
  }

  /// Computes `out[r, i] = s[r] x[r, i]`.
  public func scaleRows(_ source: Buffer, by factors: Buffer, into destination: Buffer) {
    mapRows(source, factors, into: destination) { x, s in s * x }
  }

  /// Copies rows: `out[r] = x[indices[r]]`.
  public func selectRows(_ source: Buffer, _ indices: [Int], into destination: Buffer) {
    checkSelectRows(source, indices, destination)
    let (length, values) = (destination.count / indices.count, source.values)
    destination.values = indices.flatMap { values[$0 * length..<($0 + 1) * length] }
  }

  /// Computes `out = factor * g(scale * y) * x`.
  public func scaleByFunction(
    _ source: Buffer, of argument: Buffer, _ rule: ScalingFunction, into destination: Buffer
  ) {
    checkScaling(source, of: argument, destination)
    let (scale, factor) = (Double(rule.scale), Double(rule.factor))
    destination.values = zip(source.values, argument.values).map { x, y in
      switch rule.kind {
      case .exponential: factor * exp(scale * y) * x
      case .squareRoot: factor * limited(scale * y, 0, .infinity).squareRoot() * x
      }
    }
  }

  private func mapRows(
    _ source: Buffer, _ vector: Buffer, into destination: Buffer, _ function: (Double, Double) -> Double
  ) {
    checkRows(source, rows: vector, destination)
    let (length, factors) = (source.count / vector.count, vector.values)
    destination.values = source.values.enumerated().map { function($1, factors[$0 / length]) }
  }

  /// Comparisons, not minima and maxima: NaN stays NaN.
  private func limited(_ x: Double, _ lower: Double, _ upper: Double) -> Double {
    x < lower ? lower : x > upper ? upper : x
  }

  /// Computes `C = alpha * op(A) * op(B) + beta * C`.
  public func multiplyMatrices(
    _ product: MatrixProduct, alpha: Float, _ a: Buffer, _ b: Buffer, beta: Float, into c: Buffer
  ) {
    let (rows, columns, inner) = (product.rows, product.columns, product.inner)
    checkProduct(product, a, b, c)
    let (left, right) = (a.values, b.values)
    var result = c.values
    for i in 0..<rows {
      for j in 0..<columns {
        var sum = 0.0
        for k in 0..<inner {
          let x = left[product.transposesA ? k * rows + i : i * inner + k]
          let y = right[product.transposesB ? j * inner + k : k * columns + j]
          sum += x * y
        }
        let addend = beta == 0 ? 0 : Double(beta) * result[i * columns + j]
        result[i * columns + j] = Double(alpha) * sum + addend
      }
    }
    c.values = result
  }

  /// The softmax of each row of `scale * x + offsets`.
  public func softmaxRows(
    _ source: Buffer, columns: Int, scale: Float, offsets: Buffer?, into destination: Buffer
  ) {
    checkSoftmax(source, columns: columns, offsets: offsets, destination)
    let (values, addends) = (source.values, offsets?.values)
    destination.values = (0..<source.count / columns).flatMap { row in
      softmax((0..<columns).map { Double(scale) * values[row * columns + $0] + (addends?[$0] ?? 0) })
    }
  }
}
