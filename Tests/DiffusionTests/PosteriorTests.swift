import Diffusion
import Testing

@Suite("The posterior of a step")
struct PosteriorTests {
  @Test("Its variances are those that diffusers' tests publish")
  func publishedVariances() throws {
    let schedule = NoiseSchedule(.linear(from: 0.0001, to: 0.02), count: 1000)
    let variance = { (from: Int, to: Int) in
      Posterior(from: schedule.level(at: from), to: to < 0 ? .clean : schedule.level(at: to)).variance
    }
    for (from, to, expected) in [
      (0, -1, 0), (487, 486, 0.00979), (999, 998, 0.02), (420, 400, 0.14771), (980, 960, 0.32460),
    ] {
      #expect(abs(variance(from, to) - expected) < 1e-5)
    }
  }
}
