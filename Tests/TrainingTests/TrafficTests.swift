import Compute
import ComputeCPU
import ComputeOpenCL
import Datasets
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
      let before = device.activity
      _ = try TrainerTests.train(trainer, to: 3)
      let written = device.activity.bytesWritten - before.bytesWritten,
        read = device.activity.bytesRead - before.bytesRead
      let batch = 4 * 4 * 64
      #expect(written < batch + 4096 && read < 4096 && weights > 100_000, "\(written) and \(read) of \(weights)")
    }
  }

  @Test("A training that is only planned leaves the weights alone")
  func planning() throws {
    let settings = TrainerTests.settings(), backend = try CPUBackend(), data = try ImageSet(WaveSource(count: 10))
    let trainer = try TrainerTests.trainer(settings, on: backend)
    func weights() throws -> [[Float]] { try trainer.task.parameters.map { try $0.parameter.values() } }
    let before = try weights()
    _ = try TrainingMemory(trainer.task, settings, data, on: backend)
    #expect(try weights() == before)
  }
}
