import Compute
import Instruments

// What the cases of each operation must cover.
extension ConformanceSuite {
  static var multiplyMatrices: OperationCases {
    .init(
      multiplyMatricesCases(),
      shapes: .extents.union([.plain, .transposedA, .transposedB, .trait(.addsToDestination)]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var softmaxRows: OperationCases {
    .init(
      softmaxRowsCases(),
      shapes: .extents.union([.plain, .trait(.inPlace), .trait(.offsets)]),
      values: [.ordinary, .nan, .infinity, .zeros, .huge])
  }
}

extension ConformanceSuite {
  /// Products around tiles, tall, wide, thin, and every combination of transposes and factors.
  static func multiplyMatricesCases() -> [ConformanceCase] {
    let sizes = [
      (1, 1, 1), (1, 17, 5), (17, 1, 33), (5, 7, 1), (7, 9, 15), (8, 8, 8), (16, 31, 17), (33, 32, 31), (65, 63, 64),
      (64, 65, 63), (127, 3, 129), (2, 257, 66), (96, 100, 37), (300, 257, 129),
    ]
    let plain = sizes.enumerated().flatMap { index, size in
      [(false, false), (true, false), (false, true), (true, true)].enumerated().map { place, transposes in
        let product = MatrixProduct(
          rows: size.0, columns: size.1, inner: size.2, transposesA: transposes.0, transposesB: transposes.1)
        let (alpha, beta): (Float, Float) = [(1, 0), (0.5, 1), (-1.5, 0), (1, -0.25)][(index + place) % 4]
        return multiplyMatricesCase(product, alpha: alpha, beta: beta)
      }
    }
    let special = [ValueClass.nan, .infinity, .zeros].map { values in
      ConformanceCase(.multiplyMatrices, "\(values.rawValue)", values: values, tolerance: .sums(of: 11)) { inputs in
        let product = MatrixProduct(rows: 5, columns: 7, inner: 11)
        return multiply(inputs, product, alpha: 1, beta: 0) { a in
          switch values {
          // One value of one row: that row of the result, and no other.
          case .nan: a[2 * 11 + 3] = .nan
          case .infinity: a[4 * 11 + 10] = .infinity
          default: a = a.special(values)
          }
        }
      }
    }
    return plain + special
  }

  /// One case.
  static func multiplyMatricesCase(_ product: MatrixProduct, alpha: Float, beta: Float) -> ConformanceCase {
    .init(
      .multiplyMatrices, "\(OperationShape.product(product)), \(alpha), \(beta)",
      tolerance: .sums(of: product.inner + 2)
    ) { multiply($0, product, alpha: alpha, beta: beta) }
  }

  private static func multiply(
    _ inputs: CaseInputs, _ product: MatrixProduct, alpha: Float, beta: Float,
    _ change: (inout [Float]) -> Void = { _ in }
  ) -> PreparedCase {
    var left = inputs.values(0, product.rows * product.inner)
    change(&left)
    let a = inputs.backend.makeBuffer(left)
    let b = inputs.buffer(1, product.inner * product.columns)
    let count = product.rows * product.columns
    let c = beta == 0 ? inputs.destination(count: count) : inputs.buffer(2, count)
    return inputs.prepared(c) {
      inputs.backend.multiplyMatrices(product, alpha: alpha, a, b, beta: beta, into: c)
    }
  }

  /// Rows of logits with and without offsets, in place and not.
  static func softmaxRowsCases() -> [ConformanceCase] {
    let sizes = [
      (1, 1), (1, 2), (3, 1), (2, 10), (5, 7), (7, 33), (9, 15), (17, 64), (3, 65), (2, 1000), (31, 31), (1, 1009),
      (4, 257), (37, 1009), (401, 65),
      (3, 20_011),
    ]
    let plain = sizes.enumerated().flatMap { index, size in
      [false, true].map { hasOffsets in
        let inPlace = (index % 2 == 0) != hasOffsets
        let name = "\(size.0) x \(size.1)" + (hasOffsets ? " with offsets" : "") + (inPlace ? " in place" : "")
        return ConformanceCase(.softmaxRows, name, tolerance: exponentials(of: size.1, logits: 8)) { inputs in
          softmax(inputs, size.0, size.1, scale: 1.5, hasOffsets: hasOffsets, inPlace: inPlace)
        }
      }
    }
    return plain + specialSoftmaxCases()
  }

  private static func specialSoftmaxCases() -> [ConformanceCase] {
    [ValueClass.nan, .infinity, .zeros, .huge].map { values in
      let tolerance = exponentials(of: 19, logits: values == .huge ? 4000 : 8)
      return ConformanceCase(.softmaxRows, "\(values.rawValue)", values: values, tolerance: tolerance) { inputs in
        softmax(inputs, 4, 19, scale: values == .huge ? -1 : 1, hasOffsets: false, inPlace: false) { logits in
          switch values {
          // One row is lost, and no other.
          case .nan: logits[19 + 5] = .nan
          // Weights of zero, as a mask asks for them.
          case .infinity: logits = logits.enumerated().map { $0 % 19 < 7 && $0 >= 19 ? -.infinity : $1 }
          case .huge: logits = logits.map { 1000 * $0 }
          default: logits = logits.special(values)
          }
        }
      }
    }
  }

  /// A relative error of a logit is an absolute one of the exponent.
  static func exponentials(of count: Int, logits: Double) -> Tolerance {
    let sums = Tolerance.sums(of: count)
    return .init(
      bound: sums.bound + 2 * logits * Double(Float.ulpOfOne),
      reason: "sums of \(count) terms, logits of up to \(logits) rounded")
  }

  private static func softmax(
    _ inputs: CaseInputs, _ rows: Int, _ columns: Int, scale: Float, hasOffsets: Bool, inPlace: Bool,
    _ change: (inout [Float]) -> Void = { _ in }
  ) -> PreparedCase {
    var logits = inputs.values(0, rows * columns)
    change(&logits)
    let source = inputs.backend.makeBuffer(logits)
    let offsets = hasOffsets ? inputs.buffer(1, columns) : nil
    let destination = inPlace ? source : inputs.destination(count: rows * columns)
    return inputs.prepared(destination) {
      inputs.backend.softmaxRows(source, columns: columns, scale: scale, offsets: offsets, into: destination)
    }
  }
}
