import Diffusion
import Foundation
import SymmetryBreaking
import Tensors
import Testing

@Suite("Point clouds")
struct PointCloudModelTests {
  /// Antipodal pairs at radius 2, more of them near the first axis than near the others.
  private static func antipodalPairs(_ pairs: Int, dimension: Int) -> PointCloudModel {
    let half = (0..<pairs).map { pair in
      let direction = (0..<dimension).map { axis in
        cos(Double(3 * pair + 5 * axis * axis + pair * axis)) + (axis == 0 ? 1.5 : 0)
      }
      let norm = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return direction.map { 2 * $0 / norm }
    }
    return PointCloudModel(half + half.map { $0.map { -$0 } })
  }

  @Test("the critical value is sqrt(1 + variance^2) - variance")
  func criticalValue() {
    let model = Self.antipodalPairs(6, dimension: 4)
    let variance = model.leadingVariance
    #expect(variance > 1 && variance < 4)
    let expected = (1 + variance * variance).squareRoot() - variance
    #expect(abs(model.criticalTheta * model.criticalTheta - expected) < 1e-12)
    #expect(abs(model.curvature(theta: model.criticalTheta)) < 1e-10)
    #expect(abs(-log(model.criticalTheta) - asinh(variance) / 2) < 1e-12)
  }

  @Test("two points and the corners of a cross have the variances that one reads off")
  func knownVariances() {
    #expect(abs(PointCloudModel([[1], [-1]]).leadingVariance - 1) < 1e-15)
    #expect(abs(PointCloudModel([[1], [-1]]).criticalTheta - TwoPointModel().criticalTheta) < 1e-12)
    let cross = PointCloudModel([[3, 0, 0], [-3, 0, 0], [0, 3, 0], [0, -3, 0]])
    #expect(abs(cross.leadingVariance - 4.5) < 1e-12)
  }

  @Test("the leading variance is the same by way of covariance and of inner products")
  func bothWays() {
    let few = Self.antipodalPairs(2, dimension: 7)
    let covariance = (0..<7).map { i in (0..<7).map { j in few.points.reduce(0) { $0 + $1[i] * $1[j] } / 4 } }
    // Rayleigh's quotient of a power iteration that begins at a point.
    var direction = few.points[0]
    for _ in 0..<200 {
      let image = covariance.map { row in zip(row, direction).reduce(0) { $0 + $1.0 * $1.1 } }
      let norm = image.reduce(0) { $0 + $1 * $1 }.squareRoot()
      direction = image.map { $0 / norm }
    }
    let image = covariance.map { row in zip(row, direction).reduce(0) { $0 + $1.0 * $1.1 } }
    #expect(abs(zip(image, direction).reduce(0) { $0 + $1.0 * $1.1 } - few.leadingVariance) < 1e-9)
  }

  @Test("the centre's curvature through the exact denoiser changes sign at the critical value")
  func curvatureThroughDenoiser() throws {
    let backend = try makeTestBackend()
    // The leading direction of this cloud is its first axis, by symmetry.
    let model = PointCloudModel([[1.2, 0.9], [1.2, -0.9], [-1.2, 0.9], [-1.2, -0.9]])
    #expect(abs(model.leadingVariance - 1.44) < 1e-12)
    let denoiser = model.denoiser(on: backend)
    let centre = Tensor([0, 0], shape: [1, 2], on: backend)
    for factor in [0.9, 0.99, 1, 1.01, 1.1] {
      let theta = factor * model.criticalTheta
      let level = NoiseLevel(alphaBar: theta * theta, timestep: 0)
      let found = try potentialCurvature(of: denoiser, at: centre, along: [1, 0], level: level)
      #expect(abs(found - model.curvature(theta: theta)) < 2e-4)
      if factor != 1 { #expect((found > 0) == (factor < 1)) }
    }
  }
}
