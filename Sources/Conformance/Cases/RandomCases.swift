import Compute
import Instruments

// What the cases of each operation must cover.
extension ConformanceSuite {
  static var fillNormal: OperationCases {
    .init(
      fillNormalCases(),
      shapes: .extents,
      values: [.ordinary])
  }

  static var dropout: OperationCases {
    .init(
      dropoutCases(),
      shapes: .images.union([.embedding, .plain, .trait(.inPlace)]),
      values: [.ordinary, .zeros])
  }
}

extension ConformanceSuite {
  /// Rows whose lengths are no multiples of four, seeds beyond 32 bits, steps and draws.
  static func fillNormalCases() -> [ConformanceCase] {
    let cases: [(length: Int, seeds: [UInt64], key: NoiseKey)] = [
      (1, [0], .init(step: 0)), (784, [0, 1, 2, 3, 4], .init(step: 0)), (3072, [42, 7], .init(step: 999)),
      (7, [1, .max, 1 << 32, 1 << 63], .init(step: 3, draw: 1)), (33, [0xDEAD_BEEF_CAFE_F00D], .init(step: .max)),
      (5, [11, 12, 13], .init(step: 17, draw: .max)), (65, [99], .init(step: 2, draw: 2)),
      (2, [5, 6], .init(step: 1)), (1009, [0xFFFF_FFFF, 0x1_0000_0000], .init(step: 0x8000_0001)),
      (63, [123_456_789_012_345], .init(step: 500, draw: 3)), (4099, [8], .init(step: 1, draw: 1)),
      (50_021, [1, 2, 3], .init(step: 4)), (301, Array(100..<167), .init(step: 4)),
      // Their first words are 13 and 2^32 - 2: the ends of the radius, where a careless logarithm loses its digits.
      (2, [195_960_106, 67_750_675], .init(step: 0)),
    ]
    return cases.map { fillNormalCase(length: $0, seeds: $1, key: $2) }
  }

  /// One case.
  static func fillNormalCase(length: Int, seeds: [UInt64], key: NoiseKey) -> ConformanceCase {
    .init(
      .fillNormal, "\(seeds.count) x \(length), step \(key.step), draw \(key.draw)",
      tolerance: .init(
        bound: 1e-5, isAbsolute: true, reason: "the protocol's promise for 32-bit logarithm and cosine")
    ) { inputs in
      let wanted = Array(seeds[inputs.samples(of: seeds.count)])
      let destination = inputs.destination(count: wanted.count * length)
      return inputs.prepared(destination) { inputs.backend.fillNormal(destination, seeds: wanted, key: key) }
    }
  }

  /// Values dropped with small and large probability; what stays is only scaled.
  static func dropoutCases() -> [ConformanceCase] {
    func make(_ shape: FeatureMapShape, _ probability: Double, _ values: ValueClass, inPlace: Bool) -> ConformanceCase {
      let name = values == .ordinary ? "\(shape)" : values.rawValue
      return ConformanceCase(
        .dropout, "\(probability) \(name)\(inPlace ? " in place" : "")", values: values, tolerance: .sums(of: 1)
      ) { inputs in
        let source = inputs.activation(0, shape) { if values != .ordinary { $0 = $0.special(values) } }
        let destination = inPlace ? source : inputs.destination(shape)
        let seeds = inputs.samples(of: shape.batch).map { 0x1234_5678_9ABC_DEF0 &* UInt64($0 + 3) }
        return inputs.prepared(destination) {
          inputs.backend.dropout(
            source, probability: probability, seeds: seeds, key: .init(step: 7, draw: 2), into: destination)
        }
      }
    }
    let special = FeatureMapShape(batch: 2, channels: 3, height: 7, width: 5)
    return images.enumerated().map { index, shape in
      make(shape, [0.1, 0.5, 0, 0.9][index % 4], .ordinary, inPlace: index % 2 == 1)
    } + [.zeros].map { make(special, 0.3, $0, inPlace: false) }
  }
}
