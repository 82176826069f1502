import HostMath

/// The equation of the fixed points, `G(x, theta) = (1 + theta^2) x - 2 theta E[x0 | x] = 0`.
///
/// `G` is the gradient of the potential times `2 sigma^2 / beta`, so that it stays finite as the noise vanishes, and
/// its Jacobian `(1 + theta^2) I - 2 theta^2 / sigma^2 Cov[x0 | x]` has the signs of the potential's curvatures. States
/// are in units of `scale`.
struct FixedPointEquation {
  let world: any ExactWorldDensity
  let scale: Double

  /// `G / scale`.
  func residual(_ y: [Double], _ theta: Double) -> [Double] {
    let mean = world.posteriorMean(y.map { scale * $0 }, theta: theta)
    return zip(y, mean).map { (1 + theta * theta) * $0 - 2 * theta * $1 / scale }
  }

  /// The derivatives of the residual by the state.
  func jacobian(_ y: [Double], _ theta: Double) -> SymmetricMatrix {
    let covariance = world.posteriorCovariance(y.map { scale * $0 }, theta: theta), order = y.count
    let factor = -2 * theta * theta / (1 - theta * theta)
    var elements = covariance.elements.map { factor * $0 }
    for axis in 0..<order { elements[axis * order + axis] += 1 + theta * theta }
    return SymmetricMatrix(order: order, elements: elements)
  }

  /// The derivative of the residual by `theta`, from a central difference.
  func slope(_ y: [Double], _ theta: Double) -> [Double] {
    let step = 1e-5 * min(theta, 1 - theta)
    return zip(residual(y, theta + step), residual(y, theta - step)).map { ($0 - $1) / (2 * step) }
  }

  /// The number of directions in which the potential falls.
  func unstableDirections(_ y: [Double], _ theta: Double) -> Int {
    jacobian(y, theta).eigenvalues().count { $0 < 0 }
  }

  /// The fixed point that Newton's method finds from a state, or nil.
  ///
  /// A step is at most a third of the scale long, so that an almost singular Jacobian does not throw the state out.
  func solution(near start: [Double], at theta: Double) -> [Double]? {
    var y = start
    for _ in 0..<60 {
      let value = residual(y, theta), size = product(value, value).squareRoot()
      guard let full = SymmetryBreaking.solution(of: rows(jacobian(y, theta)), value) else {
        return size < 1e-13 ? y : nil
      }
      let length = product(full, full).squareRoot(), factor = length > 0.33 ? 0.33 / length : 1
      y = zip(y, full).map { $0 - factor * $1 }
      if size < 1e-10, length < 1e-9 { return y }
    }
    return nil
  }

  /// The attractor that the potential leads to from a state.
  ///
  /// The step that the largest curvature allows, `1 / (1 + theta^2)`, makes of the gradient flow the iteration
  /// `x <- 2 theta / (1 + theta^2) E[x0 | x]`, which never climbs.
  func attractor(from start: [Double], at theta: Double) -> [Double]? {
    var y = start
    for _ in 0..<20_000 {
      let change = residual(y, theta).map { $0 / (1 + theta * theta) }
      y = zip(y, change).map { $0 - $1 }
      if product(change, change) < 1e-16 { return solution(near: y, at: theta) }
    }
    return nil
  }

  /// The rows of a matrix.
  func rows(_ matrix: SymmetricMatrix) -> [[Double]] {
    (0..<matrix.order).map { row in Array(matrix.elements[row * matrix.order..<(row + 1) * matrix.order]) }
  }
}
