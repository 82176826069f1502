import Diffusion
import Tensors
import Testing

@Suite("The Gaussian's map between two training steps")
struct GaussianMapTests {
  /// What 600 steps leave was computed by the same steps in NumPy, in Double.
  @Test(
    "600 DDIM steps from step 999 to 400 end where the closed form does, up to their own error",
    arguments: [(0.1, 3e-5), (5, 1.05e-3), (50, 4.91e-3)])
  func map(variance: Double, error: Double) throws {
    let backend = makeTestBackend(), schedule = NoiseSchedule.linear()
    let statistics = GaussianStatistics(mean: [0], basis: [1], eigenvalues: [variance], remainder: 0, on: backend)
    let denoiser = GaussianDenoiser(statistics), start = Tensor([1], shape: [1, 1], on: backend)
    let levels = (0...600).map { schedule.level(at: 999 - Double($0) * 599 / 600) }
    let end = try zip(levels, levels.dropFirst()).reduce(start) { x, pair in
      let prediction = denoiser.prediction(x, at: pair.0)
      return .combination([(pair.1.alpha, prediction.denoised), (pair.1.sigma, prediction.noise)])
    }.values()[0]
    let exact = try LateStartInitialization.flow(statistics).state(from: start, at: levels[600], top: levels[0])
      .values()[0]
    let difference = abs(Double(end - exact))
    #expect(difference < 1.1 * error && difference > 0.9 * error)
  }
}
