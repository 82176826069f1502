public import Diffusion
public import Tensors

/// The curvature of the generative potential along a direction, through any denoiser, in units of the rate.
///
/// ```
/// u'' / beta = -1/2 + 1 / sigma^2 - (alpha / sigma^2) d . J d,   J = dE[x0 | x] / dx
/// ```
///
/// The Jacobian is taken by a central difference of fourth order: one evaluation of four rows. The result is right to
/// about `1e-7 / step` from the rounding of 32-bit values and to the fourth power of `step` over the scale of the denoiser.
///
/// - Parameters:
///   - denoiser: An exact denoiser or a network.
///   - point: Where the curvature is wanted: one row of the shape that the denoiser takes.
///   - direction: One value for each of the point's, of length one together.
///   - level: A level with noise.
///   - step: The distance between the points of the difference.
public func potentialCurvature(
  of denoiser: any Denoiser, at point: Tensor, along direction: [Float], level: NoiseLevel, step: Double = 0.02
) throws -> Double {
  precondition(point.rows == 1 && point.count == direction.count, "\(point.shape) is not one row and a direction's")
  let (centre, offsets) = (try point.values(), [-2.0, -1, 1, 2])
  let rows = offsets.flatMap { offset in zip(centre, direction).map { $0 + Float(offset * step) * $1 } }
  let x = Tensor(rows, shape: [offsets.count] + point.shape.dropFirst(), on: point.backend)
  let denoised = try denoiser.prediction(x, at: level).denoised.values()
  let projections = offsets.indices.map { row in
    let values = denoised[row * direction.count..<(row + 1) * direction.count]
    return zip(direction, values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
  let slope = (projections[0] - 8 * projections[1] + 8 * projections[2] - projections[3]) / (12 * step)
  let noise = level.sigma * level.sigma
  return -0.5 + 1 / noise - level.alpha / noise * slope
}
