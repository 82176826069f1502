public import Compute

extension Features {
  /// A convolution with what is added to its result; see ``ConvolutionShape`` and ``ConvolutionEpilogue``.
  ///
  /// - Parameters:
  ///   - filter: `[outputChannels, inputChannels, kernel, kernel]`.
  ///   - shape: The convolution.
  ///   - bias: One addend an output channel.
  ///   - channelOffset: One addend a sample and output channel, `[batch, outputChannels, 1, 1]`.
  ///   - residual: Features of the result's shape that are added.
  ///   - scale: A factor of the whole.
  public func convolved(
    with filter: Parameter, _ shape: ConvolutionShape, bias: Parameter? = nil, adding channelOffset: Features? = nil,
    residual: Features? = nil, scale: Double = 1
  ) -> Features {
    let epilogue = ConvolutionEpilogue(
      bias: bias, channelOffset: channelOffset?.activation, residual: residual?.activation, scale: Float(scale))
    return makeResult(shape.output(for: self.shape)) { backend.convolve(operand, filter, shape, epilogue, into: $0) }
  }

  /// Group normalisation, an optional scale and shift a sample, and a function;
  /// see ``NormalizationOperations/normalizeGroups(_:_:scaleShift:_:into:)``.
  public func normalized(
    _ normalization: GroupNormalization, scaleShift: Features? = nil, _ function: Nonlinearity = .identity
  ) -> Features {
    makeResult(shape) {
      backend.normalizeGroups(operand, normalization, scaleShift: scaleShift?.activation, function, into: $0)
    }
  }

  /// Attention between pixels, of features that hold queries, keys and values one after the other;
  /// see ``AttentionOperations/attend(_:heads:into:)``.
  public func attended(heads: Int) -> Features {
    precondition(shape.channels % 3 == 0, "\(shape) does not hold queries, keys and values")
    return makeResult(shape.with(channels: shape.channels / 3)) { backend.attend(activation, heads: heads, into: $0) }
  }

  /// A function of every value.
  public func activated(_ function: Nonlinearity) -> Features {
    makeResult(shape) { backend.activate(activation, function, into: $0) }
  }

  /// Half the height and width, by the mean of 2x2 blocks.
  public func halved() -> Features {
    let half = ActivationShape(
      batch: shape.batch, channels: shape.channels, height: shape.height / 2, width: shape.width / 2)
    return makeResult(half) { backend.halve(activation, into: $0) }
  }

  /// Twice the height and width, by nearest neighbour.
  public func doubled() -> Features {
    let twice = ActivationShape(
      batch: shape.batch, channels: shape.channels, height: 2 * shape.height, width: 2 * shape.width)
    return makeResult(twice) { backend.double(activation, into: $0) }
  }

  /// Rows of a table `[rows, channels]`, one an index, as `[indices.count, channels, 1, 1]`.
  public static func rows(_ indices: [Int], of table: Parameter, on backend: any Backend) -> Features {
    let result = backend.makeActivation(.init(batch: indices.count, channels: table.shape[1]))
    backend.gatherRows(of: table, indices, into: result)
    return .init(result, on: backend)
  }
}
