import Compute
import Networks
import Tensors
import Testing

@Suite("Memory of a tape")
struct TapeMemoryTests {
  /// What stands for a failure between an evaluation and its gradients.
  private struct Interruption: Error {}

  /// An evaluation that a tape watches.
  private typealias Evaluation = (any Backend, Tape) throws -> FeatureMaps

  private func evaluation(_ item: NetworkGradientTests.Case) throws -> Evaluation {
    var configuration = item.configuration
    configuration.dropout = 0.1
    let network = try UNet(configuration, parameters: InitialParameters(seed: 3))
    return { backend, tape in
      let x = Tensor([Float](repeating: 0.5, count: 2 * 2 * 64), shape: [2, 2, 8, 8], on: backend)
      return try network.forward(x, timesteps: [3, 7], classLabels: item.labels, tape: tape)
    }
  }

  private func classification() throws -> Evaluation {
    var configuration = ClassifierConfiguration(
      inputChannels: 2, imageSize: .init(height: 8, width: 8), heads: [.init(name: "kind", classes: 3)])
    (configuration.blockChannels, configuration.groups, configuration.dropout) = ([8, 12], 4, 0.1)
    let network = try Classifier(configuration, parameters: InitialParameters(seed: 3))
    return { backend, tape in
      let x = Tensor([Float](repeating: 0.5, count: 2 * 2 * 64), shape: [2, 2, 8, 8], on: backend)
      return network.forward(x, tape: tape).logits
    }
  }

  private func tape(on backend: any Backend, checkpointed: Bool) -> Tape {
    Tape(on: backend, dropout: .init(seeds: [1, 2], step: 0), checkpointsBlocks: checkpointed)
  }

  /// Expects that a tape which is used by `use` and dropped leaves nothing behind on any device.
  private func expectFreed(
    checkpointed: Bool, _ evaluate: Evaluation, sourceLocation: SourceLocation = #_sourceLocation,
    use: (any Backend, Tape) throws -> Void
  ) throws {
    for (device, backend) in try backendsUnderTest() {
      // The forms of the weights, which stay, are made by an evaluation with all its gradients.
      do {
        let tape = tape(on: backend, checkpointed: checkpointed)
        let shape = try evaluate(backend, tape).shape
        let extents = [shape.batch, shape.channels, shape.height, shape.width]
        let gradient = Tensor([Float](repeating: 1, count: shape.count), shape: extents, on: backend)
        tape.backward(from: try evaluate(backend, tape), gradient: gradient)
      }
      backend.releaseUnusedMemory()
      let before = backend.memoryUse.current
      weak var dropped: Tape?
      do {
        let tape = tape(on: backend, checkpointed: checkpointed)
        dropped = tape
        try use(backend, tape)
      }
      backend.releaseUnusedMemory()
      #expect(dropped == nil, "\(device)", sourceLocation: sourceLocation)
      #expect(backend.memoryUse.current == before, "\(device)", sourceLocation: sourceLocation)
    }
  }

  /// Uses a tape in both ways that do not come to gradients.
  private func expectFreed(checkpointed: Bool, _ evaluate: Evaluation) throws {
    try expectFreed(checkpointed: checkpointed, evaluate) { backend, tape in
      let before = backend.memoryUse.current
      let result = try evaluate(backend, tape)
      #expect(withExtendedLifetime(result) { backend.memoryUse.current } > before)
    }
    try expectFreed(checkpointed: checkpointed, evaluate) { backend, tape in
      #expect(throws: Interruption.self) {
        let result = try evaluate(backend, tape)
        guard result.shape.count == 0 else { throw Interruption() }
        tape.backward(from: result, gradient: result.tensor())
      }
    }
  }

  @Test(
    "A tape of a network that is not run back is freed with its activations", arguments: NetworkGradientTests.cases,
    [false, true])
  func networks(item: NetworkGradientTests.Case, checkpointed: Bool) throws {
    try expectFreed(checkpointed: checkpointed, evaluation(item))
  }

  @Test("A tape of a classifier that is not run back is freed with its activations")
  func classifier() throws {
    try expectFreed(checkpointed: false, classification())
  }

  @Test("FeatureMaps go on being watched when nobody else holds their tape, which goes with the last of them")
  func featuresHoldTheTape() throws {
    for (_, backend) in try backendsUnderTest() {
      weak var dropped: Tape?
      func watched() -> FeatureMaps {
        let tape = tape(on: backend, checkpointed: false)
        dropped = tape
        return Tensor([1, 2, 3, 4], shape: [2, 1, 1, 2], on: backend).featureMaps(watchedBy: tape)
      }
      do {
        let features = watched().activated(.silu).dropped(0.5)
        #expect(withExtendedLifetime(features) { dropped } != nil)
      }
      #expect(dropped == nil)
    }
  }
}
