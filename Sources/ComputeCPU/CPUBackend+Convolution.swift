import CPUKernels
public import Compute

extension CPUBackend {
  /// Picks the method by the layer's shape: see ``ConvolutionPlan/Method``.
  public func convolve(
    _ operand: Operand, _ filter: Parameter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    into destination: Activation
  ) {
    let input = operand.shape, output = shape.output(for: input)
    precondition(destination.shape == output, "\(destination.shape) is not \(output)")
    precondition(filter.count == shape.filterCount, "a filter \(filter.shape) for \(shape)")
    precondition(destination !== operand.first && destination !== operand.second, "the destination is an operand")
    let plan = ConvolutionPlan(
      shape, output: output, panelWidth: kernels.panel_width, threads: pool.threads)
    guard let source = values(operand), let to = values(destination), let added = values(epilogue, output),
      let packed = packed(filter, shape, plan.method)
    else { return }
    let arguments = cpu_convolution(
      operand: source, epilogue: added, filter: packed, destination: to, batch: input.batch, height: input.height,
      width: input.width, output_height: output.height, output_width: output.width, output_channels: output.channels,
      kernel: shape.kernel, stride: shape.stride, top: shape.padding.top, left: shape.padding.left,
      shift: shape.doublesInput && plan.method != .phases ? 1 : 0, phases: plan.method == .phases ? 4 : 1,
      strip_rows: plan.stripRows, strips: plan.strips, block_columns: plan.blockColumns)
    pool.run(
      plan.method == .winograd ? kernels.convolve_winograd : kernels.convolve, arguments, count: plan.tasks)
  }

  /// What the epilogue adds, or nil after a failure.
  private func values(_ epilogue: ConvolutionEpilogue, _ output: ActivationShape) -> cpu_epilogue? {
    var added = cpu_epilogue()
    added.scale = epilogue.scale
    if let bias = epilogue.bias {
      precondition(bias.count == output.channels, "a bias \(bias.shape) for \(output)")
      guard let values = plainForm(of: bias) else { return nil }
      added.bias = UnsafePointer(values)
    }
    if let offset = epilogue.channelOffset {
      precondition(
        offset.shape == .init(batch: output.batch, channels: output.channels),
        "a channel offset \(offset.shape) for \(output)")
      guard let values = values(offset) else { return nil }
      added.offset = UnsafePointer(values)
    }
    if let residual = epilogue.residual {
      precondition(residual.shape == output, "a residual \(residual.shape) for \(output)")
      guard let values = values(residual) else { return nil }
      added.residual = UnsafePointer(values)
    }
    return added
  }

  /// The filter in the form that a method reads.
  private func packed(
    _ filter: Parameter, _ shape: ConvolutionShape, _ method: ConvolutionPlan.Method
  ) -> UnsafeMutablePointer<Float>? {
    let count = method.formCount(shape, panelWidth: kernels.panel_width)
    return form(of: filter, for: method.rawValue, count: count) { master, packed in
      switch method {
      case .gathered: pack(kernels.pack_filter, master[...], into: packed, shape, taps: shape.kernel * shape.kernel)
      case .winograd: pack(kernels.pack_winograd, master[...], into: packed, shape, taps: 9)
      case .phases:
        let filters = ConvolutionPlan.Method.phaseFilters(master, shape)
        let size = filters.count / 4
        for phase in 0..<4 {
          pack(
            kernels.pack_filter, filters[phase * size..<(phase + 1) * size], into: packed + phase * count / 4, shape,
            taps: 4)
        }
      }
    }
  }

  private func pack(
    _ task: KernelTask?, _ filter: ArraySlice<Float>, into packed: UnsafeMutablePointer<Float>,
    _ shape: ConvolutionShape, taps: Int
  ) {
    filter.withUnsafeBufferPointer { source in
      let arguments = cpu_packing(
        source: source.baseAddress, packed: packed, outputs: shape.outputChannels, channels: shape.inputChannels,
        taps: taps)
      pool.run(task, arguments, count: pieces(shape.outputChannels, of: kernels.panel_width))
    }
  }
}
