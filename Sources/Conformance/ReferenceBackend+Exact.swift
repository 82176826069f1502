public import Compute
import Foundation

// Operations on exact values.

extension ReferenceBackend {
  /// Computes `out = sum over k of c_k x_k`.
  public func combine(_ terms: [Term], into destination: Buffer) {
    precondition(1...8 ~= terms.count, "a combination has one to eight terms, not \(terms.count)")
    precondition(
      terms.allSatisfy { $0.buffer.count == destination.count }, "all terms have \(destination.count) values")
    var sums = [Double](repeating: 0, count: destination.count)
    for term in terms {
      for (index, value) in term.buffer.values.enumerated() { sums[index] += term.coefficient * value }
    }
    destination.values = sums
  }

  /// Computes `out = min(max(x, lower), upper)`.
  public func clamp(_ source: Buffer, lower: Float, upper: Float, into destination: Buffer) {
    precondition(source.count == destination.count && lower <= upper, "source and destination are of one length")
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
    precondition(source !== destination, "the destination is the source")
    precondition(
      !indices.isEmpty && destination.count.isMultiple(of: indices.count),
      "\(destination.count) values are not \(indices.count) rows")
    let (length, values) = (destination.count / indices.count, source.values)
    precondition(source.count.isMultiple(of: length), "\(source.count) values are not rows of \(length)")
    precondition(
      indices.allSatisfy { (0..<source.count / length).contains($0) },
      "an index is not one of \(source.count / length) rows")
    destination.values = indices.flatMap { values[$0 * length..<($0 + 1) * length] }
  }

  /// Computes `out = factor * g(scale * y) * x`.
  public func scaleByFunction(
    _ source: Buffer, of argument: Buffer, _ rule: ScalingFunction, into destination: Buffer
  ) {
    precondition(
      source.count == destination.count && argument.count == destination.count,
      "sources and destination are of one length")
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
    precondition(
      source.count == destination.count && source.count % vector.count == 0,
      "\(vector.count) rows do not divide \(source.count) values")
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
    precondition(
      a.count == rows * inner && b.count == inner * columns && c.count == rows * columns, "not the sizes of \(product)")
    precondition(a !== c && b !== c, "the destination is an operand")
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
    precondition(
      source.count == destination.count && source.count % columns == 0,
      "rows of \(columns) do not divide \(source.count) values")
    precondition(offsets.map { $0.count == columns } ?? true, "there is one offset a column")
    let (values, addends) = (source.values, offsets?.values)
    destination.values = (0..<source.count / columns).flatMap { row in
      softmax((0..<columns).map { Double(scale) * values[row * columns + $0] + (addends?[$0] ?? 0) })
    }
  }
}
