// The arguments that conformers may rely on; a mistake stops the program.

extension ConvolutionOperations {
  /// Stops the program unless filter, operand, what is added and destination fit each other.
  package func checkConvolve(
    _ operand: Operand, _ filter: Filter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    _ destination: FeatureMap
  ) {
    let output = destination.shape
    precondition(filter.count == shape.filterCount, "\(filter.count) values are no filter of \(shape)")
    precondition(shape.output(for: operand.shape) == output, "\(shape) makes no \(output) of \(operand.shape)")
    precondition(operand.first !== destination && operand.second !== destination, "the destination is an operand")
    if let bias = epilogue.bias {
      precondition(bias.count == output.channels, "\(bias.count) addends for \(output.channels) channels")
    }
    if let offset = epilogue.channelOffset {
      precondition(
        offset.shape == FeatureMapShape(batch: output.batch, channels: output.channels),
        "the channel offset \(offset.shape) does not fit \(output)")
    }
    if let residual = epilogue.residual {
      precondition(residual.shape == output, "the residual \(residual.shape) does not fit \(output)")
    }
  }

  /// Stops the program unless the gradient is one of the convolution's result, and the destination of its filter.
  package func checkFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: FeatureMap, _ destination: Buffer
  ) {
    precondition(
      shape.output(for: operand.shape) == gradient.shape, "\(shape) makes no \(gradient.shape) of \(operand.shape)")
    precondition(
      destination.count == shape.filterCount, "\(destination.count) values are no filter of \(shape)")
  }
}
