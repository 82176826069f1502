/// A filter as a convolution reads it: the values of a parameter, all or some, as they are or arranged for a gradient.
public struct Filter {
  /// The order of the values.
  public enum Arrangement: Hashable, Sendable {
    /// As the parameter has them.
    case stored
    /// As the gradient of a convolution's input reads them; see ``ConvolutionShape/inputGradientFilter(_:channels:)``.
    ///
    /// The channels are the inputs of the convolution whose gradients are taken.
    case mirrored(ConvolutionShape, channels: Range<Int>)
    /// Those of some of a convolution's input channels, in the parameter's order.
    case inputs(Range<Int>, of: ConvolutionShape)
  }

  /// What holds the values.
  public let parameter: Parameter
  /// Their order.
  public let arrangement: Arrangement

  /// A parameter in an order.
  public init(_ parameter: Parameter, _ arrangement: Arrangement = .stored) {
    switch arrangement {
    case .stored: break
    case .mirrored(let shape, let channels), .inputs(let channels, let shape):
      precondition(parameter.count == shape.filterCount, "a filter \(parameter.shape) is not one of \(shape)")
      precondition(
        channels.lowerBound >= 0 && channels.upperBound <= shape.inputChannels, "\(channels) of \(shape.inputChannels)")
    }
    self.parameter = parameter
    self.arrangement = arrangement
  }

  /// Values that the convolution reads.
  public var count: Int {
    switch arrangement {
    case .stored: parameter.count
    case .mirrored(let shape, let channels): channels.count * shape.outputChannels * shape.mirroredTaps
    case .inputs(let channels, let shape): channels.count * shape.outputChannels * shape.taps
    }
  }

  /// The values that the convolution reads, in its order.
  ///
  /// - Throws: What the device throws that holds them.
  public func values() throws(DeviceError) -> [Float] { arranged(try parameter.values()) }

  /// The parameter's values in the order of the convolution.
  package func arranged(_ values: [Float]) -> [Float] {
    switch arrangement {
    case .stored: return values
    case .mirrored(let shape, let channels): return shape.inputGradientFilter(values, channels: channels)
    case .inputs(let channels, let shape):
      return (0..<shape.outputChannels).flatMap { (output: Int) -> ArraySlice<Float> in
        let start = output * shape.inputChannels
        return values[(start + channels.lowerBound) * shape.taps..<(start + channels.upperBound) * shape.taps]
      }
    }
  }
}

extension ConvolutionOperations {
  /// Convolves an operand with a parameter as it is; see ``convolve(_:_:_:_:into:)``.
  public func convolve(
    _ operand: Operand, _ filter: Parameter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    into destination: FeatureMap
  ) {
    convolve(operand, Filter(filter), shape, epilogue, into: destination)
  }
}
