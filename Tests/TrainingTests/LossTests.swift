import Compute
import ComputeCPU
import Datasets
import Diffusion
import DiffusersFormat
import Files
import Foundation
import Networks
import Tensors
import TestSupport
import Testing
import Training

@Suite("Training beside PyTorch")
struct LossTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fixtures/training")

  /// The losses of the fixture's steps on a backend.
  static func losses(on backend: any Backend, blocksAreCheckpointed: Bool = false) throws -> (
    own: [Double], expected: [Double]
  ) {
    func path(_ name: String) -> String { folder.appending(path: name).path }
    let record = try JSONValue(contentsOf: path("losses.json"))
    let numbers = { (name: String) in (record[name]?.array ?? []).compactMap(\.double) }
    let batch = try #require(record["batch"]?.int), times = numbers("times").map { Int($0) }
    let images = try NumpyArray(contentsOf: path("images.npy")), noise = try NumpyArray(contentsOf: path("noise.npy"))
    let configuration = try UNetConfiguration(JSONValue(contentsOf: path("config.json")), path: "config.json")
    let network = try UNet(configuration, parameters: InitialParameters(seed: 0))
    let task = DiffusionTask(network, NoiseSchedule(.linear(from: 1e-4, to: 0.02), count: 1000), TrainingSettings())
    let parameters = Dictionary(uniqueKeysWithValues: network.parameters.map { ($0.name, $0.parameter) })
    #expect(parameters.count > 50)
    let extent = try #require(images.shape.last)
    let shape = ImageShape(channels: configuration.inputChannels, height: extent, width: extent)
    let optimizer = try AdamOptimizer(task, shape, on: backend)
    let size = images.count / times.count
    let own = try (0..<times.count / batch).map { step in
      let rows = step * batch * size..<(step + 1) * batch * size
      let shape = [batch, shape.channels, shape.height, shape.width]
      let tape = Tape(on: backend, checkpointsBlocks: blocksAreCheckpointed)
      let losses = try task.takeGradients(
        images: Tensor(Array(images.floats[rows]), shape: shape, on: backend),
        noise: Tensor(Array(noise.floats[rows]), shape: shape, on: backend),
        times: Array(times[step * batch..<(step + 1) * batch]), tape)
      let norm = try optimizer.norm(of: tape.gradients)
      let rate = 1e-3 * min(1, Double(step + 1) / 5)
      optimizer.advance(
        tape.gradients,
        AdamStep(learningRate: rate, weightDecay: 0.01, count: step + 1, gradientScale: min(1, 1 / norm)))
      return losses.reduce(0, +) / Double(batch)
    }
    return (own, numbers("losses"))
  }

  @Test("The first twenty losses on the CPU are PyTorch's to 1e-4", arguments: [false, true])
  func agreesOnCPU(blocksAreCheckpointed: Bool) throws {
    let (own, expected) = try Self.losses(on: CPUBackend(), blocksAreCheckpointed: blocksAreCheckpointed)
    #expect(own.count == 20)
    for (own, expected) in zip(own, expected) { #expect(abs(own - expected) <= 1e-4 * expected) }
  }

  @Test("On OpenCL they are PyTorch's to 1e-3")
  func agreesOnOpenCL() throws {
    for (name, backend) in try backendsUnderTest() where name == "opencl" {
      let (own, expected) = try Self.losses(on: backend)
      for (own, expected) in zip(own, expected) { #expect(abs(own - expected) <= 1e-3 * expected) }
    }
  }
}
