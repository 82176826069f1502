import ComputeCPU
import Diffusion
import Models
import SymmetryBreaking
import Tensors
import Testing

@Suite("Exact worlds as models")
struct ExactWorldTests {
  @Test("A mixture's Gaussian has its mean and covariance, by whichever matrix is smaller", arguments: [2, 5])
  func moments(dimension: Int) throws {
    let points = (0..<3).map { (row: Int) -> [Double] in
      (0..<dimension).map { (column: Int) -> Double in Double((row * 7 + column * 3 + row * column) % 5) - 1.5 }
    }
    let mixture = PointMixture(points: points, weights: [1, 2, 5], variance: 0.3)
    let gaussian = mixture.gaussian(on: try CPUBackend())
    let basis = try #require(gaussian.basis).values().map(Double.init)
    let mean = mixture.mean
    func exact(_ row: Int, _ column: Int) -> Double {
      var sum = row == column ? 0.3 : 0
      for (weight, point) in zip(mixture.weights, points) {
        sum += weight * (point[row] - mean[row]) * (point[column] - mean[column])
      }
      return sum
    }
    func own(_ row: Int, _ column: Int) -> Double {
      var sum = row == column ? gaussian.remainder : 0
      for (place, eigenvalue) in gaussian.eigenvalues.enumerated() {
        let start = place * dimension
        sum += (eigenvalue - gaussian.remainder) * basis[start + row] * basis[start + column]
      }
      return sum
    }
    for row in 0..<dimension {
      for column in 0..<dimension { #expect(abs(own(row, column) - exact(row, column)) < 1e-5) }
    }
  }

  @Test("On a line the sphere is two points", arguments: [0.05, 0.4, 0.8])
  func sphereOnALine(alphaBar: Double) throws {
    let backend = try CPUBackend(), level = NoiseLevel(alphaBar: alphaBar, timestep: 0)
    let x = Tensor([-2, -0.3, 0, 0.7, 1.5], shape: [5, 1], on: backend)
    let sphere = HypersphereModel(dimension: 1, radius: 1).denoiser(on: backend)
    let points = PointMixture.twoPoints.denoiser(on: backend)
    let (a, b) = (
      try sphere.prediction(x, at: level).denoised.values(), try points.prediction(x, at: level).denoised.values()
    )
    for (a, b) in zip(a, b) { #expect(abs(a - b) < 1e-5) }
  }

  @Test("A world has one size and no classes")
  func refuses() throws {
    let world = ExactWorld(name: "points", .mixture(.twoPoints)), shape = try world.sampleShape(nil)
    #expect(shape == ImageShape(channels: 1, height: 1, width: 1))
    #expect(throws: ModelError.sampleSize(model: "points", own: shape)) {
      try world.sampleShape(.init(height: 2, width: 2))
    }
    #expect(throws: ModelError.noClasses(model: "points")) { try world.check(.init(classLabels: [1]), shape) }
    #expect(throws: ModelError.noGuidance(model: "points")) { try world.check(.init(guidance: 2), shape) }
  }
}
