import Compute
import Conformance
import Files
import Foundation
import Networks
import Tensors
import Testing

@Suite("Gradients of whole networks")
struct NetworkGradientTests {
  /// A network, an input and the weights of its loss, a sum of weighted outputs.
  struct Case: CustomTestStringConvertible {
    let name: String
    let configuration: UNetConfiguration
    let labels: [Double]?
    var testDescription: String { name }
  }

  static var cases: [Case] {
    func make(_ name: String, labels: [Double]? = nil, _ change: (inout UNetConfiguration) -> Void) -> Case {
      var configuration = UNetConfiguration()
      configuration.sampleSize = .init(height: 8, width: 8)
      (configuration.inputChannels, configuration.outputChannels) = (2, 2)
      configuration.blockChannels = [8, 12]
      configuration.downBlocks = [.plain, .attention]
      configuration.upBlocks = [.attention, .plain]
      configuration.layersPerBlock = 1
      configuration.normalizationGroups = 4
      configuration.headWidth = 6
      change(&configuration)
      return Case(name: name, configuration: configuration, labels: labels)
    }
    return [
      make("offsets, convolutions that resize") { _ in },
      make("scale and shift, blocks that resize, mish") {
        $0.timeConditioning = .scaleShift
        $0.activation = .mish
        $0.downBlocks = [.resnet, .resnet]
        $0.upBlocks = [.resnet, .resnet]
        $0.middleScaleFactor = 1.5
      },
      make("classes, one row and column of padding, learned times", labels: [2, 0]) {
        $0.downsamplePadding = 0
        $0.classEmbedding = .table
        $0.classCount = 3
        $0.timeEmbedding = .learned
        $0.trainingTimesteps = 10
      },
      make("attention after the last block, heads of each level, scaled times of another width") {
        $0.downBlocks = [.plain, .lastAttention]
        $0.upBlocks = [.lastAttention, .plain]
        $0.levelHeadWidths = [8, 4]
        $0.timeScale = 0.25
        $0.timeProjectionWidth = 6
      },
      make("a filter, an image that goes down and one that goes up") {
        becomeScoreNetwork(&$0)
        ($0.encoder, $0.decoder) = (.skip, .skip)
      },
      make("a filter, a residual pyramid, a projection of the class", labels: [2, 0]) {
        becomeScoreNetwork(&$0)
        $0.encoder = .residual
        ($0.classEmbedding, $0.classCount) = (.projection, 3)
      },
      make("a residual pyramid without a filter, scale and shift") {
        becomeScoreNetwork(&$0)
        ($0.encoder, $0.resizingFilter) = (.residual, .box)
        ($0.timeConditioning, $0.attentionGroups) = (.scaleShift, 3)
      },
    ]
  }

  /// Three levels with what the networks of score_sde and EDM have in common.
  private static func becomeScoreNetwork(_ configuration: inout UNetConfiguration) {
    configuration.blockChannels = [8, 12, 12]
    configuration.downBlocks = [.resnet, .attention, .resnet]
    configuration.upBlocks = [.resnet, .lastAttention, .resnet]
    (configuration.downsampling, configuration.upsampling) = (.resnet, .resnet)
    (configuration.normalizationGroups, configuration.projectsWhenResizing) = (nil, true)
    (configuration.levelScaleFactor, configuration.middleScaleFactor) = (2.0.squareRoot(), 2.0.squareRoot())
    configuration.resizingFilter = .binomial
  }

  private let times = [3.0, 7.0]

  private func numbers(_ seed: UInt64, _ count: Int) -> [Float] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 33)) * 0x1p-30
    }
  }

  /// The gradients of all parameters by their names.
  private func gradients(
    of network: UNet, _ item: Case, on backend: any Backend, checkpointed: Bool = false
  ) throws -> [String: [Double]] {
    let x = Tensor(numbers(1, 2 * 2 * 64), shape: [2, 2, 8, 8], on: backend)
    let tape = Tape(on: backend, checkpointsBlocks: checkpointed)
    let result = try network.forward(x, timesteps: times, classLabels: item.labels, tape: tape)
    tape.backward(from: result, gradient: Tensor(numbers(2, 2 * 2 * 64), shape: [2, 2, 8, 8], on: backend))
    let names = Dictionary(uniqueKeysWithValues: network.parameters.map { (ObjectIdentifier($0.parameter), $0.name) })
    var gradients: [String: [Double]] = [:]
    for parameter in tape.gradients.parameters {
      let buffer = try #require(tape.gradients.buffer(of: parameter))
      let oracle = backend as? ReferenceBackend
      let values = try oracle?.exactValues(of: buffer) ?? backend.read(buffer).map(Double.init)
      var start = 0
      for master in parameter.masters {
        gradients[try #require(names[ObjectIdentifier(master)])] = Array(values[start..<start + master.count])
        start += master.count
      }
    }
    return gradients
  }

  @Test("The oracle's are its differences along random directions, parameter by parameter", arguments: cases)
  func differences(item: Case) throws {
    let oracle = ReferenceBackend()
    let network = try UNet(item.configuration, parameters: InitialParameters(seed: 3))
    let gradients = try gradients(of: network, item, on: oracle)
    #expect(Set(gradients.keys) == Set(network.parameters.map(\.name)))
    let weights = numbers(2, 2 * 2 * 64).map(Double.init)
    func loss() throws -> Double {
      let x = Tensor(numbers(1, 2 * 2 * 64), shape: [2, 2, 8, 8], on: oracle)
      let result = try network(x, timesteps: times, classLabels: item.labels)
      return zip(oracle.exactValues(of: result.buffer), weights).reduce(0) { $0 + $1.0 * $1.1 }
    }
    // All parameters of one kind move together, so that the oracle has to be asked only a few times.
    for ending in ["weight", "bias"] {
      for part in 0..<3 {
        let moved = network.parameters.enumerated().filter {
          $0.element.name.hasSuffix(ending) && $0.offset % 3 == part
        }
        var losses: [Double] = [], values: [String: [[Float]]] = [:]
        for side: Float in [1, -1] {
          let kept = try moved.map { try $0.element.parameter.values() }
          for (place, item) in moved.enumerated() {
            let direction = numbers(UInt64(item.offset) + 10, kept[place].count)
            let changed = zip(kept[place], direction).map { $0 + side * 0x1p-12 * $1 * 0.1 }
            values[item.element.name, default: []].append(changed)
            item.element.parameter.update(changed)
          }
          losses.append(try loss())
          for (place, item) in moved.enumerated() { item.element.parameter.update(kept[place]) }
        }
        let predicted = values.reduce(0.0) { sum, item in
          let gradient = gradients[item.key] ?? []
          return sum
            + gradient.indices.reduce(0.0) {
              $0 + gradient[$1] * (Double(item.value[0][$1]) - Double(item.value[1][$1]))
            }
        }
        let size = values.keys.reduce(0.0) { sum, name in
          sum + (gradients[name] ?? []).reduce(0) { $0 + $1 * $1 }
        }.squareRoot()
        #expect(
          abs(losses[0] - losses[1] - predicted) < 1e-4 * (abs(predicted) + 1e-4 * size), "\(ending), part \(part)")
      }
    }
  }

  @Test("Those of every device are the oracle's, with blocks evaluated again or not", arguments: cases)
  func devices(item: Case) throws {
    let network = try UNet(item.configuration, parameters: InitialParameters(seed: 3))
    let expected = try gradients(of: network, item, on: ReferenceBackend())
    for (device, backend) in try backendsUnderTest() {
      for checkpointed in [false, true] {
        let own = try gradients(of: network, item, on: backend, checkpointed: checkpointed)
        #expect(own.keys == expected.keys)
        for (name, values) in expected {
          // What is added to all keys is nothing to a softmax: the gradient is zero, and its rounding that of the queries'.
          let queries = "\(name.dropLast("to_k.bias".count))to_q.bias"
          let measure = name.hasSuffix("to_k.bias") ? expected[queries] ?? values : values
          let scale = measure.map { abs($0) }.max() ?? 0
          let error = zip(values, own[name] ?? []).map { abs($0 - $1) }.max() ?? .infinity
          #expect(error <= 2e-4 * max(scale, 1e-3), "\(name) on \(device)")
        }
      }
    }
  }

  @Test("Dropout drops the same when a block is evaluated again")
  func dropout() throws {
    var configuration = Self.cases[0].configuration
    configuration.dropout = 0.3
    let network = try UNet(configuration, parameters: InitialParameters(seed: 3))
    let oracle = ReferenceBackend()
    func gradients(_ checkpointed: Bool) throws -> [[Double]] {
      let x = Tensor(numbers(1, 2 * 2 * 64), shape: [2, 2, 8, 8], on: oracle)
      let tape = Tape(on: oracle, dropout: .init(seeds: [5, 6], step: 1), checkpointsBlocks: checkpointed)
      let result = try network.forward(x, timesteps: times, tape: tape)
      tape.backward(from: result, gradient: Tensor(numbers(2, 2 * 2 * 64), shape: [2, 2, 8, 8], on: oracle))
      return tape.gradients.parameters.map { tape.gradients.buffer(of: $0).map(oracle.exactValues) ?? [] }
        .sorted { ($0.count, $0.first ?? 0) < ($1.count, $1.first ?? 0) }
    }
    // The same sums in another order.
    for (one, other) in zip(try gradients(false), try gradients(true)) {
      for (one, other) in zip(one, other) { #expect(abs(one - other) <= 1e-9 * max(1, abs(one))) }
    }
  }

  @Test("A parameter that changes before its gradient is taken is noticed")
  func versions() async {
    await #expect(processExitsWith: .failure) {
      let backend = ReferenceBackend()
      let tape = Tape(on: backend)
      let x = Tensor([1, 2], shape: [1, 2], on: backend).featureMaps(watchedBy: tape)
      let filter = Parameter(shape: [1, 2, 1, 1], values: [1, 2])
      let result = x.convolved(with: filter, .init(inputChannels: 2, outputChannels: 1, kernel: 1))
      filter.update([3, 4])
      tape.backward(from: result, gradient: Tensor([1], shape: [1, 1], on: backend))
    }
  }
}
