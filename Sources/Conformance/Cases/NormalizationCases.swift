import Compute
import Instruments

/// One group normalisation.
struct Normalization {
  var operands: [FeatureMapShape]
  var groups: Int
  var epsilon: Float = 1e-5
  var function: Nonlinearity = .silu
  var hasScaleShift = false
  var inPlace = false
  var inputs = Distribution.normal(mean: 0.5, deviation: 2)

  init(_ batch: Int, _ channels: [Int], _ height: Int, _ width: Int, groups: Int) {
    operands = channels.map { .init(batch: batch, channels: $0, height: height, width: width) }
    self.groups = groups
  }

  private func with<Value>(_ path: WritableKeyPath<Self, Value>, _ value: Value) -> Self {
    var result = self
    result[keyPath: path] = value
    return result
  }

  var modulated: Self { with(\.hasScaleShift, true) }
  var overwriting: Self { with(\.inPlace, true) }
  func epsilon(_ epsilon: Float) -> Self { with(\.epsilon, epsilon) }
  func applying(_ function: Nonlinearity) -> Self { with(\.function, function) }
  func inputs(_ inputs: Distribution) -> Self { with(\.inputs, inputs) }

  var channels: Int { operands.reduce(0) { $0 + $1.channels } }

  var name: String {
    let shapes = operands.map(\.description).joined(separator: " + ")
    let extras = (hasScaleShift ? ", scale and shift" : "") + (inPlace ? ", in place" : "")
    return "\(groups) groups \(shapes), \(function.rawValue), \(epsilon)\(extras)"
  }

  var groupCount: Int { channels / groups * operands[0].pixels }

  func prepared(_ source: CaseInputs, _ change: (inout [Float]) -> Void = { _ in }) -> PreparedCase {
    let activations = operands.enumerated().map { index, shape in
      source.activation(UInt64(index), shape, inputs, change)
    }
    let operand = Operand(activations[0], activations.count == 2 ? activations[1] : nil)
    let normalization = GroupNormalization(
      groups: groups, epsilon: epsilon, gamma: source.parameter(10, [channels], .normal(mean: 1, deviation: 0.5)),
      beta: source.parameter(11, [channels], .normal(deviation: 0.5)))
    let vector = FeatureMapShape(batch: operands[0].batch, channels: 2 * channels)
    let scaleShift = hasScaleShift ? source.activation(12, vector, .normal(deviation: 0.5)) : nil
    let shape = operands[0].with(channels: channels)
    let destination = inPlace ? activations[0] : source.destination(shape)
    let function = function
    return source.prepared(destination) {
      source.backend.normalizeGroups(operand, normalization, scaleShift: scaleShift, function, into: destination)
    }
  }
}

// What the cases of each operation must cover.
extension ConformanceSuite {
  static var normalizeGroups: OperationCases {
    .init(
      normalizeGroupsCases(),
      shapes: .images.union(ShapeClass.functions).union([
        .embedding, .pair, .seamInGroup, .plain, .trait(.scaleShift), .trait(.inPlace),
      ]),
      values: [.ordinary, .nan, .zeros, .largeMean, .constantChannels])
  }
}

extension ConformanceSuite {
  /// One case.
  static func normalizeGroupsCase(_ value: Normalization) -> ConformanceCase {
    let tolerance = Tolerance.sums(of: value.groupCount, reason: "statistics over \(value.groupCount) values")
    return .init(.normalizeGroups, value.name, tolerance: tolerance) { value.prepared($0) }
  }

  /// Groups of one channel and of many, pairs whose seam lies between groups and within one, each function, scale and
  /// shift, and statistics that only a careful sum gets right.
  static func normalizeGroupsCases() -> [ConformanceCase] {
    normalizations.map(normalizeGroupsCase) + specialNormalizationCases()
  }

  /// The normalisations of all cases of ordinary values.
  static var normalizations: [Normalization] { singleNormalizations + pairNormalizations + formsOfNormalization }

  private static var singleNormalizations: [Normalization] {
    [
      Normalization(1, [1], 1, 1, groups: 1), Normalization(3, [64], 1, 1, groups: 8).applying(.identity),
      Normalization(2, [32], 28, 28, groups: 32).epsilon(1e-6), Normalization(1, [64], 14, 14, groups: 32).overwriting,
      Normalization(2, [64], 7, 7, groups: 32).applying(.identity),
      Normalization(1, [32], 32, 32, groups: 8).modulated,
      Normalization(2, [128], 16, 16, groups: 32).epsilon(1e-6),
      Normalization(1, [128], 8, 8, groups: 32).modulated.overwriting,
      Normalization(3, [48], 4, 4, groups: 3).applying(.mish),
      Normalization(2, [16], 12, 20, groups: 8).applying(.gelu),
      Normalization(1, [24], 5, 13, groups: 4).applying(.relu).modulated,
      Normalization(2, [17], 9, 7, groups: 1).applying(.identity).modulated,
      Normalization(1, [33], 3, 3, groups: 11).applying(.mish).modulated,
      Normalization(2, [65], 1, 17, groups: 13).applying(.gelu).modulated,
      Normalization(1, [31], 6, 6, groups: 31).applying(.relu).overwriting,
      Normalization(2, [63], 5, 5, groups: 7).modulated,
      Normalization(2, [7], 33, 31, groups: 7), Normalization(1, [512], 4, 4, groups: 32),
      Normalization(2, [40], 61, 67, groups: 8),
      // Variances of the size of epsilon, so that its place under the root and its value matter.
      Normalization(2, [16], 8, 8, groups: 4).inputs(.normal(deviation: 2e-3)).epsilon(1e-5),
      Normalization(1, [16], 7, 7, groups: 8).inputs(.normal(deviation: 1e-3)).epsilon(1e-6),
    ]
  }

  private static var pairNormalizations: [Normalization] {
    [
      Normalization(2, [32, 32], 7, 7, groups: 32), Normalization(1, [64, 32], 14, 14, groups: 32),
      Normalization(1, [32, 32], 28, 28, groups: 32).epsilon(1e-6),
      // Seams within a group: 40 channels in 8 groups of five, 24 first; 96 in groups of three, 64 first.
      Normalization(2, [24, 16], 8, 8, groups: 8), Normalization(1, [64, 32], 4, 4, groups: 32).modulated,
      Normalization(2, [13, 19], 5, 9, groups: 4).applying(.identity).modulated,
      Normalization(1, [16, 32], 16, 16, groups: 16), Normalization(1, [8, 16], 32, 32, groups: 8).epsilon(1e-6),
      Normalization(3, [1, 2], 3, 5, groups: 1).applying(.relu),
      Normalization(2, [33, 31], 6, 10, groups: 8).applying(.gelu),
      Normalization(1, [128, 64], 8, 8, groups: 32).applying(.mish),
    ]
  }

  /// Every function, with and without scale and shift, on one activation, in place and on a pair.
  private static var formsOfNormalization: [Normalization] {
    Nonlinearity.allCases.flatMap { (function: Nonlinearity) -> [Normalization] in
      let single = Normalization(2, [12], 5, 4, groups: 3).applying(function)
      // Nine channels first: the seam lies within the second group of six.
      let pairs = [[9, 9], [6, 12]].map { Normalization(2, $0, 3, 7, groups: 3).applying(function) }
      return ([single, single.overwriting] + pairs).flatMap { [$0, $0.modulated] }
    }
  }

  private static func specialNormalizationCases() -> [ConformanceCase] {
    let plain = Normalization(2, [16], 6, 7, groups: 4).inputs(.normal()).applying(.identity)
    let away = Normalization(2, [16], 16, 16, groups: 4).inputs(.normal(mean: 100, deviation: 1))
    let size = 6 * 7
    return [
      ConformanceCase(
        .normalizeGroups, "mean 100, deviation 1, \(away.name)", values: .largeMean,
        tolerance: .init(
          bound: 1e-4,
          reason: "differences from the mean keep five digits; the difference of two mean squares keeps three")
      ) { away.prepared($0) },
      ConformanceCase(
        .normalizeGroups, "constant channels", values: .constantChannels,
        tolerance: .init(bound: 1e-4, reason: "groups of one value a channel, some with no variance at all")
      ) { inputs in
        // Channels 0...3 differ from each other, channels 4...7 make a group without variance.
        plain.prepared(inputs) { values in
          values = values.indices.map { [0.5, -1, 2, 0.25, 1, 1, 1, 1][$0 / size % 8] }
        }
      },
      ConformanceCase(.normalizeGroups, "zeros", values: .zeros, tolerance: .sums(of: 4)) { inputs in
        plain.prepared(inputs) { $0 = $0.special(.zeros) }
      },
      ConformanceCase(.normalizeGroups, "nan", values: .nan, tolerance: .sums(of: 4 * size)) { inputs in
        // One group of the first sample is lost, and no other.
        plain.prepared(inputs) { $0[5 * size + 1] = .nan }
      },
    ]
  }
}
