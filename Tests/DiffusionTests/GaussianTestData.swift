import Compute
import Conformance
import Diffusion
import Foundation
import Testing

/// A small Gaussian whose moments the tests know in Double.
struct GaussianTestData {
  let mean: [Double]
  /// Orthonormal rows.
  let basis: [[Double]]
  let eigenvalues: [Double]
  let remainder: Double

  var dimension: Int { mean.count }

  /// A basis of all six directions; its remainder must not count.
  static let complete = GaussianTestData(
    dimension: 6, eigenvalues: [20, 5, 1, 0.3, 0.05, 0], remainder: 7)

  /// Three of twelve directions.
  static let truncated = GaussianTestData(dimension: 12, eigenvalues: [9, 2, 0.6], remainder: 0.2)

  private init(dimension: Int, eigenvalues: [Double], remainder: Double) {
    self.mean = (0..<dimension).map { 0.3 - 0.25 * Double($0) }
    self.basis = Self.reflection(dimension, rows: eigenvalues.count)
    self.eigenvalues = eigenvalues
    self.remainder = remainder
  }

  /// Rows of `I - 2 w w^T`, an orthogonal matrix without zeros.
  private static func reflection(_ dimension: Int, rows: Int) -> [[Double]] {
    let w = [1.0, 1.4, 1.8, 0.7, 1.1, 1.5, 0.4, 0.8, 1.2, 0.1, 0.5, 0.9].prefix(dimension)
    let norm = w.reduce(0) { $0 + $1 * $1 }
    var basis = [[Double]](repeating: w.map { _ in 0 }, count: rows)
    for i in 0..<rows {
      for j in 0..<dimension { basis[i][j] = (i == j ? 1 : 0) - 2 * w[i] * w[j] / norm }
    }
    return basis
  }

  func statistics(on backend: any Backend) -> GaussianStatistics {
    .init(
      mean: mean.map { Float($0) }, basis: basis.flatMap { $0 }.map { Float($0) }, eigenvalues: eigenvalues,
      remainder: remainder, on: backend)
  }

  /// `f(C)` for a function of the variances, entry by entry.
  func covariance(_ function: (Double) -> Double) -> [[Double]] {
    var matrix = [[Double]](repeating: mean.map { _ in 0 }, count: dimension)
    for i in 0..<dimension {
      matrix[i][i] = function(remainder)
      for (direction, variance) in zip(basis, eigenvalues) {
        let excess = function(variance) - function(remainder)
        for j in 0..<dimension { matrix[i][j] += excess * direction[i] * direction[j] }
      }
    }
    return matrix
  }
}

/// The backend of tests of formulas: plain loops in Double.
func makeTestBackend() -> any Backend { ReferenceBackend() }

extension GaussianTestData: CustomTestStringConvertible {
  var testDescription: String { "\(eigenvalues.count) of \(dimension) directions" }
}

extension NoiseLevel {
  /// The level at an angle: 0 is clean, a right angle is noise.
  static func angle(_ angle: Double) -> NoiseLevel {
    .init(alpha: cos(angle), sigma: sin(angle), timestep: 0)
  }
}
