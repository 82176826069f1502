import Compute
import ComputeOpenCL
import Testing
import Training

@Suite("Traffic of training")
struct TrafficTests {
  @Test("A step moves the batch to the device and a few scalars back, and no weights")
  func step() throws {
    for (_, backend) in try backendsUnderTest() {
      guard let device = backend as? OpenCLBackend else { continue }
      let trainer = try TrainerTests.trainer(TrainerTests.settings(), on: backend)
      let weights = trainer.task.parameters.reduce(0) { $0 + 4 * $1.parameter.count }
      _ = try TrainerTests.train(trainer, to: 2)
      let before = device.traffic
      _ = try TrainerTests.train(trainer, to: 3)
      let written = device.traffic.written - before.written, read = device.traffic.read - before.read
      let batch = 4 * 4 * 64
      #expect(written < batch + 4096 && read < 4096 && weights > 100_000, "\(written) and \(read) of \(weights)")
    }
  }
}
