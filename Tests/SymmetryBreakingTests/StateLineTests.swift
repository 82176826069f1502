import Diffusion
import SymmetryBreaking
import Testing

@Suite("The order parameter along a line")
struct StateLineTests {
  @Test("Places and states are each other's inverse; what lies beside the line has the place of its foot")
  func places() throws {
    let line = try #require(StateLine(through: [3, 1], [1, 1]))
    #expect(line.state(at: 1) == [3, 1] && line.state(at: -1) == [1, 1] && line.state(at: 0) == [2, 1])
    #expect(line.place(of: [2.5, 7]) == 0.5)
    #expect(StateLine(through: [1, 2], [1, 2]) == nil)
  }

  /// Fixed place and barrier at theta .9 by Gauss-Hermite quadrature of `c = E tanh(theta (theta c + sigma z) / sigma^2)`.
  @Test(
    "Two points: one valley at theta .6436, two and a hill at .9",
    arguments: [(0.6436, [0.0], 0.0), (0.9, [-0.91706, 0, 0.91706], 0.09305)])
  func twoPoints(theta: Double, expected: [Double], barrier: Double) throws {
    let backend = try makeTestBackend(), line = try #require(StateLine(through: [1], [-1]))
    var settings = OrderParameter.Settings()
    (settings.draws, settings.batch) = (65536, 65536)
    let parameter = OrderParameter(
      PointMixture.twoPoints.denoiser(on: backend), rowShape: [1], settings, on: backend)
    let level = NoiseLevel(alphaBar: theta * theta, timestep: 0), places = LineEquilibria.places(count: 61)
    let found = LineEquilibria(
      places: places,
      pulled: try places.map { line.place(of: try parameter.denoisedMean(at: line.state(at: $0), level)) })
    #expect(found.fixedPlaces.count == expected.count)
    for (fixed, place) in zip(found.fixedPlaces, expected) { #expect(abs(fixed.place - place) < 0.01) }
    #expect(found.fixedPlaces.map(\.isStable) == (expected.count == 1 ? [true] : [true, false, true]))
    let middle = found.potential[30], deepest = try #require(found.potential.min())
    #expect(deepest == 0 && abs(middle - barrier) < 0.005)
  }

  @Test("A line that is drawn nowhere else has a valley wherever it is")
  func slopes() {
    let found = LineEquilibria(places: [0, 1, 2], pulled: [1.5, 1.5, 1.5])
    #expect(found.fixedPlaces == [.init(place: 1.5, isStable: true)])
    #expect(found.potential == [1, 0, 0])
  }
}
