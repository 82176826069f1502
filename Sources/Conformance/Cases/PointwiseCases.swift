import Compute
import Instruments

// What the cases of each operation must cover.
extension ConformanceSuite {
  static var combine: OperationCases {
    .init(
      combineCases(),
      shapes: .extents.union((1...8).map(ShapeClass.terms)).union([.trait(.inPlace)]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var clamp: OperationCases {
    .init(
      clampCases(),
      shapes: .extents.union([.plain, .trait(.inPlace)]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var clampRows: OperationCases {
    .init(
      clampRowsCases(),
      shapes: .extents.union([.plain, .trait(.inPlace)]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var scaleRows: OperationCases {
    .init(
      scaleRowsCases(),
      shapes: .extents.union([.plain, .trait(.inPlace)]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var selectRows: OperationCases {
    .init(
      selectRowsCases(),
      shapes: .extents.union([.plain]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }

  static var scaleByFunction: OperationCases {
    .init(
      scaleByFunctionCases(),
      shapes: .extents.union(ScalingFunction.Kind.allCases.map { .trait(.scalesBy($0)) }).union([.trait(.inPlace)]),
      values: [.ordinary, .nan, .infinity, .zeros])
  }
}

extension ConformanceSuite {
  /// One to eight terms, with coefficients that no two terms share, and the destination among them or not.
  static func combineCases() -> [ConformanceCase] {
    let coefficients = [0.75, -1.25, 2.0, 0.1, -0.3, 1.7, -2.2, 0.9]
    let counted = (1...8).flatMap { (terms: Int) -> [ConformanceCase] in
      let forms: [(length: Int, alias: Int?)] = [
        (lengths[3 * terms % lengths.count], nil), (lengths[(5 * terms + 1) % lengths.count], terms - 1), (97, 0),
      ]
      return forms.map { length, alias in
        let place = alias.map { ", into term \($0)" } ?? ""
        return ConformanceCase(.combine, "\(terms) terms of \(length)\(place)", tolerance: .sums(of: 2 * terms)) {
          combine($0, Array(coefficients.prefix(terms)), length, alias: alias)
        }
      }
    }
    let plain = lengths.map { length in
      ConformanceCase(.combine, "2 terms of \(length), plain", tolerance: .sums(of: 4)) { inputs in
        combine(inputs, [0.6, -0.8], length, alias: nil)
      }
    }
    let same = ConformanceCase(.combine, "one buffer twice", tolerance: .sums(of: 4)) { inputs in
      let source = inputs.buffer(0, 257)
      return inputs.prepared(source) {
        inputs.backend.combine([.init(0.5, source), .init(1.5, source)], into: source)
      }
    }
    let special = [ValueClass.nan, .infinity, .zeros].map { values in
      ConformanceCase(.combine, "\(values.rawValue)", values: values, tolerance: .sums(of: 6)) { inputs in
        combine(inputs, [2, -0.5, 1.5], 65, alias: nil, values)
      }
    }
    return counted.unique() + plain + [same] + special
  }

  private static func combine(
    _ inputs: CaseInputs, _ coefficients: [Double], _ length: Int, alias: Int?, _ values: ValueClass = .ordinary
  ) -> PreparedCase {
    let terms = coefficients.enumerated().map { index, coefficient in
      // Special values in the first term only, so that infinities do not meet.
      let source = inputs.values(UInt64(index), length).special(index == 0 || values == .zeros ? values : .ordinary)
      return Term(coefficient, inputs.backend.makeBuffer(source))
    }
    let destination = alias.map { terms[$0].buffer } ?? inputs.destination(count: length)
    return inputs.prepared(destination) { inputs.backend.combine(terms, into: destination) }
  }

  /// Limits that cut on both sides, in place and not.
  static func clampCases() -> [ConformanceCase] {
    let plain = lengths.enumerated().map { index, length in
      ConformanceCase(.clamp, "\(length) values", tolerance: .exact) { inputs in
        clamp(inputs, inputs.values(0, length), inPlace: index % 2 == 1)
      }
    }
    let special = [ValueClass.nan, .infinity, .zeros].map { values in
      ConformanceCase(.clamp, "\(values.rawValue)", values: values, tolerance: .exact) { inputs in
        clamp(inputs, inputs.values(0, 65).special(values), inPlace: false)
      }
    }
    return plain + special
  }

  private static func clamp(_ inputs: CaseInputs, _ values: [Float], inPlace: Bool) -> PreparedCase {
    let source = inputs.backend.makeBuffer(values)
    let destination = inPlace ? source : inputs.destination(count: values.count)
    return inputs.prepared(destination) {
      inputs.backend.clamp(source, lower: -0.75, upper: 0.5, into: destination)
    }
  }

  /// Rows and their lengths: those of pictures, and those around tiles.
  private static let rows = [
    (1, 1), (1, 784), (3, 1), (2, 3072), (5, 7), (7, 33), (16, 65), (31, 31), (33, 15), (4, 1009), (1, 17), (67, 3072),
    (1201, 63),
  ]

  /// Each row to its own range.
  static func clampRowsCases() -> [ConformanceCase] {
    rowCases(.clampRows, vector: .uniform(1, 1.5), source: .normal(deviation: 1.5)) { inputs, source, limits, result in
      inputs.backend.clampRows(source, limits: limits, into: result)
    }
  }

  /// A factor a row.
  static func scaleRowsCases() -> [ConformanceCase] {
    rowCases(.scaleRows, vector: .normal(), source: .normal()) { inputs, source, factors, result in
      inputs.backend.scaleRows(source, by: factors, into: result)
    }
  }

  /// Rows in reverse, every other row, and the last row again and again, from sources of more rows or fewer.
  static func selectRowsCases() -> [ConformanceCase] {
    let plain = rows.map { ($0, ValueClass.ordinary) }
    let special = [ValueClass.nan, .infinity, .zeros].map { ((3, 21), $0) }
    return (plain + special).flatMap { (size: (Int, Int), values: ValueClass) -> [ConformanceCase] in
      let count = size.0
      let selections: [(name: String, rows: Int, indices: [Int])] = [
        ("reversed", count, (0..<count).reversed()), ("second halves", 2 * count, (0..<count).map { 2 * $0 + 1 }),
        ("repeated", (count + 1) / 2, (0..<count).map { $0 / 2 }),
      ]
      return selections.map { selection in
        let name = "\(selection.name) to \(count) x \(size.1)" + (values == .ordinary ? "" : " \(values.rawValue)")
        return ConformanceCase(.selectRows, name, values: values, tolerance: .exact) { inputs in
          let source = inputs.backend.makeBuffer(inputs.values(0, selection.rows * size.1).special(values))
          let result = inputs.destination(count: count * size.1)
          return inputs.prepared(result) { inputs.backend.selectRows(source, selection.indices, into: result) }
        }
      }
    }
  }

  /// Both functions, in place of the source, of the argument, and of neither.
  static func scaleByFunctionCases() -> [ConformanceCase] {
    ScalingFunction.Kind.allCases.flatMap { (kind: ScalingFunction.Kind) -> [ConformanceCase] in
      let plain = lengths.enumerated().map { index, length in (length, ValueClass.ordinary, index % 3) }
      let special = [ValueClass.nan, .infinity, .zeros].map { (65, $0, 0) }
      return (plain + special).map { length, values, alias in
        let place = ["", ", into the source", ", into the argument"][alias]
        let name = "\(kind.rawValue) of \(length)\(place)" + (values == .ordinary ? "" : " \(values.rawValue)")
        // An exponential errs by 2 units in the last place, and by its argument's rounding.
        return ConformanceCase(.scaleByFunction, name, values: values, tolerance: .sums(of: 4)) { inputs in
          let source = inputs.buffer(0, length)
          let argument = inputs.backend.makeBuffer(inputs.values(1, length).special(values))
          let destination = [inputs.destination(count: length), source, argument][alias]
          let rule = ScalingFunction(kind, scale: 1.5, factor: 0.25)
          return inputs.prepared(destination) {
            inputs.backend.scaleByFunction(source, of: argument, rule, into: destination)
          }
        }
      }
    }
  }

  private static func rowCases(
    _ operation: OperationKind, vector: Distribution, source: Distribution,
    perform: @escaping @Sendable (CaseInputs, Buffer, Buffer, Buffer) -> Void
  ) -> [ConformanceCase] {
    let plain = rows.enumerated().map { index, size in (size, ValueClass.ordinary, index % 2 == 1) }
    let special = [ValueClass.nan, .infinity, .zeros].map { ((3, 21), $0, false) }
    return (plain + special).map { size, values, inPlace in
      let name =
        "\(size.0) x \(size.1)" + (inPlace ? " in place" : "") + (values == .ordinary ? "" : " \(values.rawValue)")
      return ConformanceCase(operation, name, values: values, tolerance: .sums(of: 2)) { inputs in
        let from = inputs.backend.makeBuffer(inputs.values(0, size.0 * size.1, source).special(values))
        let by = inputs.buffer(1, size.0, vector)
        let result = inPlace ? from : inputs.destination(count: size.0 * size.1)
        return inputs.prepared(result) { perform(inputs, from, by, result) }
      }
    }
  }
}

extension [ConformanceCase] {
  /// The first of those that share a title.
  func unique() -> Self {
    var seen: Set<String> = []
    return filter { seen.insert($0.title).inserted }
  }
}
