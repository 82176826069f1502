import ComputeCPU
import Diffusion
import SymmetryBreaking
import Testing

@Suite("Points of unequal weight", .serialized)
struct UnequalPointsTests {
  // Start, share reached from N(0, 1), share reached from the Gaussian with the data's moments; weights .8 and .2,
  // exact score, 200,000 paths of 600 steps, drawn once with NumPy. The tests' 50,000 paths have a standard error of
  // at most .0022.
  private static let table = [
    (0.15, 0.565, 0.788), (0.20, 0.607, 0.793), (0.25, 0.653, 0.796), (0.293, 0.691, 0.799), (0.35, 0.730, 0.799),
    (0.40, 0.756, 0.800), (0.50, 0.784, 0.800), (0.60, 0.795, 0.801), (0.80, 0.799, 0.797),
  ]

  @Test("a late start from noise loses the composition of the data", arguments: table)
  func noise(time: Double, lost: Double, kept: Double) throws {
    let share = try UnequalPoints().reachedShare(fromTime: time, .noise, paths: 50_000, on: CPUBackend())
    #expect(abs(share - lost) < 0.01)
  }

  @Test("a late start from the Gaussian with the data's moments keeps the composition", arguments: table)
  func gaussian(time: Double, lost: Double, kept: Double) throws {
    let backend = try CPUBackend()
    let points = UnequalPoints()
    let start = LateStartInitialization.gaussian(points.statistics(on: backend))
    #expect(abs(try points.reachedShare(fromTime: time, start, paths: 50_000, on: backend) - kept) < 0.01)
  }
}
