/// Zeros written around an image before a convolution, in pixels a side.
public struct Padding: Hashable, Sendable {
  /// Rows above.
  public let top: Int
  /// Rows below.
  public let bottom: Int
  /// Columns before.
  public let left: Int
  /// Columns after.
  public let right: Int

  /// Padding that differs by side.
  public init(top: Int, bottom: Int, left: Int, right: Int) {
    precondition(min(top, bottom, left, right) >= 0, "padding is not negative")
    self.top = top
    self.bottom = bottom
    self.left = left
    self.right = right
  }

  /// The same padding on all four sides.
  public static func all(_ pixels: Int) -> Self {
    .init(top: pixels, bottom: pixels, left: pixels, right: pixels)
  }
}

/// What a convolution does to an image of any size: complete, or not constructible.
///
/// ```
/// out[b, o, y, x] = sum over i, r, s of
///   filter[o, i, r, s] * in'[b, i, stride * y + r - top, stride * x + s - left]
/// ```
///
/// `in'` is the input, doubled by nearest neighbour first if ``upsamplesInput`` is set, and zero outside.
public struct ConvolutionShape: Hashable, Sendable {
  /// Channels read, those of both operands of a pair together.
  public let inputChannels: Int
  /// Channels written.
  public let outputChannels: Int
  /// Rows of the filter.
  public let kernel: Int
  /// Columns of the filter, as many as rows if it is square.
  public let kernelWidth: Int
  /// Pixels from one output to the next.
  public let stride: Int
  /// Zeros around the input.
  public let padding: Padding
  /// Whether the input is doubled by nearest neighbour first, so that upsampling costs no pass over memory.
  public let upsamplesInput: Bool

  /// A convolution with a filter `[outputChannels, inputChannels, kernel, kernelWidth]`, a square one unless its width is given.
  public init(
    inputChannels: Int, outputChannels: Int, kernel: Int, kernelWidth: Int? = nil, stride: Int = 1,
    padding: Padding = .all(0), upsamplesInput: Bool = false
  ) {
    let kernelWidth = kernelWidth ?? kernel
    precondition(
      inputChannels > 0 && outputChannels > 0 && kernel > 0 && kernelWidth > 0 && stride > 0,
      "every extent is at least 1")
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernel = kernel
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.padding = padding
    self.upsamplesInput = upsamplesInput
  }

  /// Whether this is a product of every pixel with one matrix: a 1x1 filter that reads each pixel once.
  public var isPointwise: Bool {
    taps == 1 && stride == 1 && padding == .all(0) && !upsamplesInput
  }

  /// Values of the filter for one input and output channel: `kernel * kernelWidth`.
  public var taps: Int { kernel * kernelWidth }

  /// The extents of the filter: `[outputChannels, inputChannels, kernel, kernelWidth]`.
  public var filterShape: [Int] { [outputChannels, inputChannels, kernel, kernelWidth] }

  /// Values of the filter in all.
  public var filterCount: Int { outputChannels * inputChannels * taps }

  /// The shape of what the convolution makes of an input.
  public func output(for input: FeatureMapShape) -> FeatureMapShape {
    precondition(
      input.channels == inputChannels, "a convolution of \(inputChannels) channels was given \(input)")
    let factor = upsamplesInput ? 2 : 1
    let height = (factor * input.height + padding.top + padding.bottom - kernel) / stride + 1
    let width = (factor * input.width + padding.left + padding.right - kernelWidth) / stride + 1
    return .init(batch: input.batch, channels: outputChannels, height: height, width: width)
  }

  /// Multiplications and additions of the direct method for an input, two for each product.
  public func floatingPointOperations(for input: FeatureMapShape) -> Int {
    let output = output(for: input)
    return 2 * output.batch * output.pixels * filterCount
  }

  /// Whether the filter has so many rows and as many columns.
  package func isSquare(_ extent: Int) -> Bool { kernel == extent && kernelWidth == extent }

  /// Whether Winograd's minimal filtering in tiles of 4x4 outputs is worth its transforms, by the shape alone.
  ///
  /// It makes 36 products a tile in place of 9 a pixel; transforms, edges that reach past the image and a filter four times as
  /// large have to pay off (Lavin and Gray 2015).
  package func suitsWinograd(output: FeatureMapShape) -> Bool {
    guard isSquare(3), stride == 1, min(inputChannels, outputChannels) >= 32 else { return false }
    let tiles = output.tiles(height: 4, width: 4)
    return tiles >= 4 && 3 * 36 * tiles <= 2 * 9 * output.pixels
  }
}

extension FeatureMapShape {
  /// Tiles of an extent that cover one sample.
  package func tiles(height tileHeight: Int, width tileWidth: Int) -> Int {
    ((height + tileHeight - 1) / tileHeight) * ((width + tileWidth - 1) / tileWidth)
  }
}
