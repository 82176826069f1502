public import Tensors

/// How the state of a late start is made (Raya and Ambrogioni 2023, section on Gaussian late starts).
///
/// The early part of the generative dynamics is a linear relaxation to a central fixed point. A Gaussian with the data's
/// mean and covariance passes through it in closed form, so nothing need be simulated there.
public enum LateStartInitialization {
  /// Fresh normals with the data's mean and covariance: `x = alpha m + sqrt(alpha^2 C + sigma^2 I) z`.
  ///
  /// The root is the symmetric one, so that `z` and `x` are images of each other.
  case gaussian(GaussianStatistics)

  /// The prior noise, transported to the level by the probability flow of the Gaussian; keeps the image of each seed.
  ///
  /// ```
  /// x_s = mu_s + U sqrt(v_s / v_T) U^T (x_T - mu_T),   mu = alpha m,   v = alpha^2 C + sigma^2 I
  /// ```
  ///
  /// `T` is the last training step, whatever a sampler's own first level, for there alone standard normals are the Gaussian's
  /// own: the states miss their moments by its divergence from them there, ``GaussianStatistics/divergence(at:)``. The same map as the
  /// analytical teleportation of Wang and Vastola (2024).
  case flow(GaussianStatistics)

  /// For each sample normals with the mean and covariance of its class, as ``gaussian(_:)`` has them of all data.
  ///
  /// With classes drawn by their shares the states are a mixture of Gaussians, one a class, whose mean and covariance are
  /// those of all data; its shape keeps classes apart that one Gaussian joins.
  case classGaussian([Int: GaussianStatistics])

  /// Standard normals as they are, whatever the level: the baseline of the paper.
  case noise

  /// The state at a level.
  ///
  /// - Parameters:
  ///   - noise: Standard normals, one row a sample, of any shape.
  ///   - level: The level to start at.
  ///   - top: The level of the noise, that of the last training step; used by ``flow(_:)`` only.
  ///   - labels: The class of each row; used by ``classGaussian(_:)`` only, which has a Gaussian for each of them.
  /// - Returns: A state of the shape of `noise`. Row *i* depends on row *i* of the noise only, up to rounding.
  public func state(from noise: Tensor, at level: NoiseLevel, top: NoiseLevel, labels: [Int] = []) -> Tensor {
    switch self {
    case .gaussian(let statistics): statistics.gaussianState(from: noise, at: level)
    case .flow(let statistics): statistics.flowed(noise, from: top, to: level)
    case .classGaussian(let classes): Self.state(from: noise, at: level, of: classes, labels)
    case .noise: noise
    }
  }

  /// One map a class over the rows that are of it.
  private static func state(
    from noise: Tensor, at level: NoiseLevel, of classes: [Int: GaussianStatistics], _ labels: [Int]
  ) -> Tensor {
    precondition(labels.count == noise.rows, "\(labels.count) classes for \(noise.rows) rows")
    var result: Tensor?
    for label in Set(labels).sorted() {
      guard let statistics = classes[label] else { preconditionFailure("no Gaussian for class \(label)") }
      let rows = labels.indices.filter { labels[$0] == label }
      guard rows.count < labels.count else { return statistics.gaussianState(from: noise, at: level) }
      let states = statistics.gaussianState(from: noise.selectingRows(rows), at: level)
      // Back to their places, with nothing at those of other classes.
      var places = [Int](repeating: 0, count: labels.count)
      for (place, row) in rows.enumerated() { places[row] = place }
      let spread = states.selectingRows(places).scaledRows(by: labels.map { $0 == label ? 1 : 0 })
      result = result.map { .combination([(1, $0), (1, spread)]) } ?? spread
    }
    return result ?? noise
  }
}

extension GaussianStatistics {
  /// Normals with the moments of a level, from standard normals; see ``LateStartInitialization/gaussian(_:)``.
  public func gaussianState(from noise: Tensor, at level: NoiseLevel) -> Tensor {
    let (along, outside) = variances(at: level)
    return mapped(
      noise, from: 0, to: level.alpha, along: along.map { $0.squareRoot() }, outside: outside.squareRoot())
  }

  /// States of one level, transported to another by the Gaussian's probability flow, exactly;
  /// see ``LateStartInitialization/flow(_:)``.
  ///
  /// - Parameters:
  ///   - x: States at `start`, of any shape whose rows hold `D` values.
  ///   - start: A level with noise.
  ///   - end: Any level, noisier or cleaner.
  public func flowed(_ x: Tensor, from start: NoiseLevel, to end: NoiseLevel) -> Tensor {
    let (startAlong, startOutside) = variances(at: start)
    let (endAlong, endOutside) = variances(at: end)
    return mapped(
      x, from: start.alpha, to: end.alpha, along: zip(endAlong, startAlong).map { ($0 / $1).squareRoot() },
      outside: (endOutside / startOutside).squareRoot())
  }
}
