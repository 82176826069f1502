/// The part of a function that another one explains, over rows of values at the same states.
///
/// ```
/// score:      1 - E |s - g|^2 / E |s|^2
/// denoiser:   1 - E |d - g|^2 / E |d - E d|^2
/// ```
///
/// With `g` of the Gaussian that has the data's moments: near 1 from the noise down to where the data stop to look Gaussian
/// (Wang and Vastola 2024). The score is compared with nothing, the denoiser with its mean, which any start knows.
///
/// - Parameters:
///   - values: Rows of a network's or of the exact function.
///   - other: The same of the function that is to explain them.
///   - isCentred: Whether the spread is taken about the mean, as for denoisers.
/// - Returns: At most 1; negative where the other function is worse than none.
public func explainedVariance(of values: [[Double]], by other: [[Double]], isCentred: Bool) -> Double {
  precondition(values.count == other.count && !values.isEmpty, "as many rows of one as of the other")
  let count = Double(values.count)
  let centre = values[0].indices.map { place in
    isCentred ? values.reduce(0) { $0 + $1[place] } / count : 0
  }
  let spread = values.reduce(0) { $0 + squaredDistance($1, centre) }
  let rest = zip(values, other).reduce(0) { $0 + squaredDistance($1.0, $1.1) }
  return 1 - rest / spread
}

/// `|a - b|^2`.
package func squaredDistance(_ a: [Double], _ b: [Double]) -> Double {
  zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
}
