import ComputeCPU
import Diffusion
import Models
import Pretrained
import Testing

@Suite("Statistics that models carry")
struct CarriedStatisticsTests {
  /// Computed once from the 60,000 training images, covariances in Double.
  @Test("MNIST's noised data are so many nats from the standard normal that a late start from noise assumes")
  func divergence() throws {
    let model = try Model.pretrained("mnist"), shape = try #require(model.imageShape)
    let gaussian = try #require(try model.gaussian(shape, on: CPUBackend()))
    let schedule = NoiseSchedule.linear()
    for (step, nats) in [(400, 61.6), (500, 22.2), (600, 6.84), (700, 1.79), (800, 0.389), (900, 0.070)] {
      #expect(abs(gaussian.divergence(at: schedule.level(at: step)) / nats - 1) < 0.01, "step \(step)")
    }
  }
}
