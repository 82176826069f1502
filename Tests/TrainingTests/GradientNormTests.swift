import Compute
import Datasets
import Diffusion
import Networks
import Tensors
import TestSupport
import Testing
import Training

@Suite("Norm of gradients")
struct GradientNormTests {
  @Test("The norm waits once for all parameters, and adds up their sums of squares in their order")
  func waitsOnce() throws {
    let settings = TrainerTests.settings()
    for (device, base) in try backendsUnderTest() {
      let backend = CountingBackend(base)
      let network = try UNet(TrainerTests.configuration(), parameters: InitialParameters(seed: 1))
      let task = DiffusionTask(network, NoiseSchedule(.linear(from: 1e-4, to: 0.02), count: 20), settings)
      let optimizer = try AdamOptimizer(task, ImageShape(channels: 1, height: 8, width: 8), on: backend)
      let tape = Tape(on: backend)
      let noise = Tensor.noise([1, 8, 8], seeds: [1, 2], key: .init(step: 0), on: backend)
      _ = try task.takeGradients(images: noise.scaled(by: 0.5), noise: noise, times: [3, 11], tape)

      var squares = 0.0, count = 0
      for named in network.parameters {
        let used = tape.gradients.parameters.first { $0.masters.first === named.parameter }
        guard let gradient = used.flatMap({ tape.gradients.buffer(of: $0) }) else { continue }
        squares += Double(try Tensor(gradient, shape: [1, gradient.count], on: backend).rowSquares().values()[0])
        count += 1
      }
      backend.waits = 0
      #expect(try optimizer.norm(of: tape.gradients) == squares.squareRoot(), "\(device)")
      #expect(backend.waits == 1 && count > 50, "\(device): \(backend.waits) waits for \(count) parameters")
    }
  }
}
