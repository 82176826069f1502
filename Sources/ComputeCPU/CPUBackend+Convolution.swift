import CPUKernels
public import Compute

extension CPUBackend {
  /// Picks the method by the layer's shape: see `ConvolutionPlan.Method`.
  public func convolve(
    _ operand: Operand, _ filter: Filter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    into destination: FeatureMap
  ) {
    let input = operand.shape, output = shape.output(for: input)
    checkConvolve(operand, filter, shape, epilogue, destination)
    let plan = plan(shape, output)
    guard let source = values(operand), let to = values(destination), let added = values(epilogue),
      let packed = packed(filter, shape, plan)
    else { return }
    let arguments = cpu_convolution(
      operand: source, epilogue: added, filter: packed, destination: to, batch: input.batch, height: input.height,
      width: input.width, output_height: output.height, output_width: output.width, output_channels: output.channels,
      taps: shape.taps, kernel_width: shape.kernelWidth, stride: shape.stride, top: shape.padding.top,
      left: shape.padding.left,
      shift: shape.upsamplesInput && plan.method != .phases ? 1 : 0, phases: plan.method == .phases ? 4 : 1,
      strip_rows: plan.stripRows, strips: plan.strips, block_columns: plan.blockColumns)
    pool.run(plan.method.task(kernels, plan.word), arguments, count: plan.tasks)
  }

  /// The method of the layer's `ConvolutionPlan`.
  public func method(of shape: ConvolutionShape, output: FeatureMapShape) -> ConvolutionMethod {
    let plan = plan(shape, output), form = FilterForm(plan.method, plan.word, .stored)
    return .init(
      name: plan.method.rawValue,
      filterBytes: form.count(shape, panelWidth: kernels.panel_width) * MemoryLayout<Float>.stride)
  }

  private func plan(_ shape: ConvolutionShape, _ output: FeatureMapShape) -> ConvolutionPlan {
    .init(
      shape, output: output, precision: precision, isExact: isExact, panelWidth: kernels.panel_width,
      threads: pool.threads)
  }

  /// What the epilogue adds, or nil after a failure.
  private func values(_ epilogue: ConvolutionEpilogue) -> cpu_epilogue? {
    var added = cpu_epilogue()
    added.scale = epilogue.scale
    if let bias = epilogue.bias {
      guard let values = plainForm(of: bias) else { return nil }
      added.bias = UnsafePointer(values)
    }
    if let offset = epilogue.channelOffset {
      guard let values = values(offset) else { return nil }
      added.offset = UnsafePointer(values)
    }
    if let residual = epilogue.residual {
      guard let values = values(residual) else { return nil }
      added.residual = UnsafePointer(values)
    }
    return added
  }

  /// The filter in the form that a plan's method reads.
  private func packed(
    _ filter: Filter, _ shape: ConvolutionShape, _ plan: ConvolutionPlan
  ) -> UnsafeMutablePointer<Float>? {
    let wanted = FilterForm(plan.method, plan.word, filter.arrangement)
    let count = wanted.count(shape, panelWidth: kernels.panel_width)
    return form(of: filter.parameter, for: wanted, count: count) { master, packed in
      if filter.arrangement == .stored { return wanted.pack(master, into: packed, shape, kernels, pool) }
      filter.arranged(Array(master)).withUnsafeBufferPointer {
        wanted.pack($0, into: packed, shape, kernels, pool)
      }
    }
  }
}
