extension ConvolutionShape {
  /// A convolution that makes the gradient of an input from the gradient of the result.
  ///
  /// ```
  /// d in[b, i] = sum over o of filter'[i, o] * dilate(d out[b, o])
  /// ```
  public struct InputGradient: Hashable, Sendable {
    /// The convolution of the (dilated) gradient.
    public let convolution: ConvolutionShape
    /// By how much the gradient's pixels are moved apart first; 1 for not at all.
    public let dilation: Int
    /// The extents of the dilated gradient, of which the convolution makes the input's.
    public let dilatedHeight: Int
    /// See ``dilatedHeight``.
    public let dilatedWidth: Int
  }

  /// The convolution that makes the gradient of an input of this shape.
  ///
  /// Its filter is ``inputGradientFilter(_:channels:)``: taps mirrored, inputs and outputs exchanged. That of a doubled input has stride
  /// two and 4x4 taps, sums of those that read the same pixel. Doubled inputs are supported for 3x3 filters of stride one
  /// with one row and column of padding, the only ones that networks have.
  public func inputGradient(for input: FeatureMapShape) -> InputGradient {
    let output = output(for: input)
    if upsamplesInput {
      precondition(isSquare(3) && stride == 1 && padding == .all(1), "no gradient of \(self)")
      let convolution = ConvolutionShape(
        inputChannels: outputChannels, outputChannels: inputChannels, kernel: 4, stride: 2, padding: .all(1))
      return .init(
        convolution: convolution, dilation: 1, dilatedHeight: output.height, dilatedWidth: output.width)
    }
    func extent(
      _ input: Int, _ output: Int, of kernel: Int, before: Int
    ) -> (dilated: Int, before: Int, after: Int) {
      // A multiple of the stride keeps extents even, unless that reaches past what the filter can see.
      let front = kernel - 1 - before
      let wide = stride * output, after = input + kernel - 1 - front - wide
      return after >= 0 ? (wide, front, after) : (wide + after, front, 0)
    }
    precondition(
      padding.top < kernel && padding.left < kernelWidth,
      "no gradient of a convolution that is padded by more than its filter")
    let rows = extent(input.height, output.height, of: kernel, before: padding.top)
    let columns = extent(input.width, output.width, of: kernelWidth, before: padding.left)
    return .init(
      convolution: .init(
        inputChannels: outputChannels, outputChannels: inputChannels, kernel: kernel, kernelWidth: kernelWidth,
        padding: .init(top: rows.before, bottom: rows.after, left: columns.before, right: columns.after)),
      dilation: stride, dilatedHeight: rows.dilated, dilatedWidth: columns.dilated)
  }

  /// The same convolution from or to another number of channels.
  public func with(inputChannels: Int? = nil, outputChannels: Int? = nil) -> Self {
    .init(
      inputChannels: inputChannels ?? self.inputChannels, outputChannels: outputChannels ?? self.outputChannels,
      kernel: kernel, kernelWidth: kernelWidth, stride: stride, padding: padding, upsamplesInput: upsamplesInput)
  }

  /// Taps of the filter of ``inputGradient(for:)``.
  public var mirroredTaps: Int { upsamplesInput ? 16 : taps }

  /// The filter of ``inputGradient(for:)``, for the input channels of one operand.
  ///
  /// - Parameters:
  ///   - filter: `[outputChannels, inputChannels, kernel, kernelWidth]`.
  ///   - channels: Which input channels; all by default.
  /// - Returns: `[channels, outputChannels, k, l]`, `k` and `l` being 4 for a doubled input, else ``kernel`` and ``kernelWidth``.
  public func inputGradientFilter(_ filter: [Float], channels: Range<Int>? = nil) -> [Float] {
    let channels = channels ?? 0..<inputChannels
    // The taps of a fine row that fall on tap t of the coarse one: see the doubled row 2 z + t - 1 as row Y of the result.
    let fallsOn = [[2], [1, 2], [0, 1], [0]]
    let resultTaps = mirroredTaps
    var result = [Float](repeating: 0, count: channels.count * outputChannels * resultTaps)
    for (place, i) in channels.enumerated() {
      for o in 0..<outputChannels {
        let from = (o * inputChannels + i) * taps, to = (place * outputChannels + o) * resultTaps
        if upsamplesInput {
          for row in 0..<4 {
            for column in 0..<4 {
              for r in fallsOn[row] {
                for s in fallsOn[column] { result[to + row * 4 + column] += filter[from + r * 3 + s] }
              }
            }
          }
        } else {
          for tap in 0..<taps { result[to + tap] = filter[from + taps - 1 - tap] }
        }
      }
    }
    return result
  }
}
