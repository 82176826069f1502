import Compute

extension Tensor {
  /// Images of another size, by bilinear interpolation without antialiasing, as PyTorch's `interpolate` has it with `align_corners=False`.
  ///
  /// ```
  /// out = R x C^T,   row y of R: 1 - f at floor(p) and f at the next,   p = max(0, (y + 1/2) * height / newHeight - 1/2),  f = p - floor(p)
  /// ```
  ///
  /// It is two products of matrices. That of the rows is a 1x1 convolution whose channels are the image's rows, so that one call serves all
  /// images; it has the arithmetic of networks.
  ///
  /// - Parameters:
  ///   - size: The new rows and columns.
  ///   - copies: How often each channel stands in the result, one after the other: three for a grey image that is to be in colour. Images of
  ///     several channels take one.
  /// - Returns: `[batch, copies * channels, size.height, size.width]`.
  public func resized(to size: ImageSize, copies: Int = 1) -> Tensor {
    precondition(shape.count == 4 && copies > 0, "\(shape) are no images")
    let (batch, channels, height, width) = (shape[0], shape[1], shape[2], shape[3])
    precondition(
      copies == 1 || channels == 1, "copies of \(channels) channels would not follow one another as channels")
    let columns = Tensor(interpolation(from: width, to: size.width), shape: [size.width, width], on: backend)
    let wide = reshaped([batch * channels * height, width]).multiplied(by: columns, transposingOther: true)
    let rows = interpolation(from: height, to: size.height)
    let convolution = ConvolutionShape(inputChannels: height, outputChannels: copies * size.height, kernel: 1)
    let filter = Parameter(shape: convolution.filterShape, values: (0..<copies).flatMap { _ in rows })
    return wide.reshaped([batch * channels, height, 1, size.width]).featureMaps()
      .convolved(with: filter, convolution).tensor()
      .reshaped([batch, copies * channels, size.height, size.width])
  }
}

/// What each new place of a line takes of the old ones, `[new, old]`, row-major; in 32 bits, as PyTorch reckons.
private func interpolation(from old: Int, to new: Int) -> [Float] {
  var weights = [Float](repeating: 0, count: new * old)
  let step = Float(old) / Float(new)
  for place in 0..<new {
    let position = max(0, step * (Float(place) + 0.5) - 0.5), left = min(Int(position), old - 1)
    let part = position - Float(left)
    weights[place * old + left] += 1 - part
    // Past the last pixel it is the last pixel again.
    weights[place * old + min(left + 1, old - 1)] += part
  }
  return weights
}
