public import Compute

extension FeatureMaps {
  /// A convolution with what is added to its result; see `ConvolutionShape` and `ConvolutionEpilogue`.
  ///
  /// - Parameters:
  ///   - filter: `[outputChannels, inputChannels, kernel, kernelWidth]`; where a tape watches, a whole parameter.
  ///   - shape: The convolution.
  ///   - bias: One addend an output channel.
  ///   - channelOffset: One addend a sample and output channel, `[batch, outputChannels, 1, 1]`.
  ///   - residual: Feature maps of the result's shape that are added.
  ///   - scale: A factor of the whole.
  public func convolved(
    with filter: Filter, _ shape: ConvolutionShape, bias: Parameter? = nil, adding channelOffset: FeatureMaps? = nil,
    residual: FeatureMaps? = nil, scale: Double = 1
  ) -> FeatureMaps {
    precondition(tape == nil || filter.arrangement == .stored, "a part of a filter has no gradient")
    let epilogue = ConvolutionEpilogue(
      bias: bias, channelOffset: channelOffset?.activation, residual: residual?.activation, scale: Float(scale))
    // What was added is not needed again, only where its gradients go.
    let (offsetSlot, residualSlot) = (channelOffset?.slots.first, residual?.slots.first)
    return makeResult(shape.output(for: self.shape), reading: [channelOffset, residual], [filter.parameter, bias]) {
      backend.convolve(operand, filter, shape, epilogue, into: $0)
    } backward: { [operand, backend, slots, filter = filter.parameter] tape, gradient in
      if scale != 1 { backend.add(gradient, times: Float(scale), nil, times: 0, into: gradient) }
      if tape.watchesParameters {
        let change = backend.makeBuffer(count: shape.filterCount)
        backend.convolveFilterGradient(operand, shape, gradient, into: change)
        tape.gradients.add(change, of: filter)
      }
      let bias = tape.watchesParameters ? bias : nil
      if bias != nil || offsetSlot != nil {
        Self.addSums(of: gradient, tape, bias: bias, channelOffset: offsetSlot)
      }
      Self.addInputGradient(gradient, filter, shape, of: operand, into: slots, on: backend)
      // The gradient itself goes on to what was added, when nothing reads it any more.
      tape.accumulate(gradient, into: residualSlot)
    }
  }

  /// The same with all values of a parameter.
  public func convolved(
    with filter: Parameter, _ shape: ConvolutionShape, bias: Parameter? = nil, adding channelOffset: FeatureMaps? = nil,
    residual: FeatureMaps? = nil, scale: Double = 1
  ) -> FeatureMaps {
    convolved(
      with: Filter(filter), shape, bias: bias, adding: channelOffset, residual: residual, scale: scale)
  }

  /// The gradients of what is added to every pixel: sums over pixels, and for a bias over samples as well.
  private static func addSums(
    of gradient: FeatureMap, _ tape: Tape, bias: Parameter?, channelOffset: Tape.Slot?
  ) {
    let (extents, backend) = (gradient.shape, tape.backend)
    let sums = backend.makeFeatureMap(.init(batch: extents.batch, channels: extents.channels))
    backend.spatialSum(gradient, into: sums)
    if let bias {
      let ones = Tensor(tape.gradients.ones(extents.batch), shape: [1, extents.batch], on: backend)
      let values = FeatureMaps(Operand(sums), on: backend).tensor().reshaped([extents.batch, extents.channels])
      tape.gradients.add(ones.multiplied(by: values).buffer, of: bias)
    }
    tape.accumulate(sums, into: channelOffset)
  }

  /// The gradient of each part of the operand that wants one: a convolution, added to what is there.
  private static func addInputGradient(
    _ gradient: FeatureMap, _ filter: Parameter, _ shape: ConvolutionShape, of operand: Operand,
    into slots: (first: Tape.Slot?, second: Tape.Slot?), on backend: any Backend
  ) {
    let parts = [(operand.first, slots.first)] + (operand.second.map { [($0, slots.second)] } ?? [])
    guard parts.contains(where: { $0.1 != nil }) else { return }
    let plan = shape.inputGradient(for: operand.shape)
    var source = gradient
    if plan.dilation > 1 {
      let extents = gradient.shape
      source = backend.makeFeatureMap(
        .init(
          batch: extents.batch, channels: extents.channels, height: plan.dilatedHeight, width: plan.dilatedWidth))
      backend.dilate(gradient, by: plan.dilation, into: source)
    }
    var start = 0
    for (part, slot) in parts {
      let channels = start..<start + part.shape.channels
      start = channels.upperBound
      guard let slot else { continue }
      let convolution = plan.convolution.with(outputChannels: channels.count)
      let mirrored = Filter(filter, .mirrored(shape, channels: channels))
      let destination = slot.gradient ?? backend.makeFeatureMap(part.shape)
      backend.convolve(
        Operand(source), mirrored, convolution, .init(residual: slot.gradient), into: destination)
      slot.gradient = destination
    }
  }
}
