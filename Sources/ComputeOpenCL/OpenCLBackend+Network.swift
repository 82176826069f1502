public import Compute

extension OpenCLBackend: NormalizationOperations {
  /// Group normalisation in three kernels: moments of channels in chunks of pixels, folded to groups, applied.
  public func normalizeGroups(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: Activation?, _ function: Nonlinearity,
    into destination: Activation
  ) {
    let shape = destination.shape
    precondition(operand.shape == shape, "\(operand.shape) does not fill \(shape)")
    precondition(
      normalization.groups > 0 && shape.channels.isMultiple(of: normalization.groups),
      "\(normalization.groups) groups do not divide \(shape.channels) channels")
    precondition(
      normalization.gamma.count == shape.channels && normalization.beta.count == shape.channels,
      "there are one factor and one addend a channel")
    if let scaleShift {
      precondition(
        scaleShift.shape == ActivationShape(batch: shape.batch, channels: 2 * shape.channels),
        "scale and shift \(scaleShift.shape) do not fit \(shape)")
    }
    // Few enough chunks to fold in one go, yet enough of them for all cores; a function of the image alone.
    let chunk = max(16, shape.pixels.dividedUp(by: 64))
    let chunks = shape.pixels.dividedUp(by: chunk)
    let momentCount = shape.batch * chunks * 2 * shape.channels
    guard let first = memory(operand.first), let second = memory(operand.second ?? operand.first),
      let out = memory(destination), let gamma = vector(normalization.gamma), let beta = vector(normalization.beta),
      let modulation = scaleShift.map({ memory($0) }) ?? beta,
      let moments = pool.allocate(momentCount, for: "moments of \(shape)"),
      let coefficients = pool.allocate(3 * shape.batch * shape.paddedChannels, for: "coefficients of \(shape)")
    else { return }

    var base = 0
    for (part, memory) in [(operand.first.shape, first), (operand.second?.shape, second)] {
      guard let part else { continue }
      launch(
        .measureChannels, for: .normalizeGroups, items: shape.batch * chunks * part.paddedChannels / parameters.lanes,
        .memory(memory.id), .memory(moments.id), .int(part.channels), .int(base), .int(shape.channels),
        .int(shape.pixels), .int(chunk), .int(chunks), .int(shape.batch))
      base += part.channels
    }
    launch(
      .foldMoments, for: .normalizeGroups, items: shape.batch * normalization.groups, .memory(moments.id),
      .memory(gamma.id), .memory(beta.id), .memory(modulation.id), .memory(coefficients.id), .int(shape.channels),
      .int(normalization.groups), .int(shape.pixels), .int(chunk), .int(chunks), .int(shape.batch),
      .float(normalization.epsilon), .int(scaleShift == nil ? 0 : 1))
    let vectors = vectors(of: shape)
    launch(
      .normalizeApply, for: .normalizeGroups, items: vectors, .memory(first.id), .memory(second.id),
      .memory(coefficients.id), .memory(out.id), .int(operand.first.shape.channels),
      .int(operand.second?.shape.channels ?? 0), .int(shape.pixels), .int(function.number), .int(vectors))
  }
}

extension OpenCLBackend: AttentionOperations {
  /// Attention without the matrix of scores; scratch memory of four times the destination, heads padded.
  public func attend(_ projections: Activation, heads: Int, into destination: Activation) {
    let shape = destination.shape
    precondition(
      projections.shape == shape.with(channels: 3 * shape.channels), "\(projections.shape) is not three of \(shape)")
    precondition(heads > 0 && shape.channels.isMultiple(of: heads), "\(heads) heads do not divide \(shape)")
    let size = shape.channels / heads
    let (tokenPitch, headPitch) = (shape.pixels.roundedUp(to: 64), size.roundedUp(to: 32))
    let count = shape.batch * heads * tokenPitch * headPitch
    let scratch = (0..<4).compactMap { _ in pool.allocate(count, for: "attention over \(shape)") }
    guard let x = memory(projections), let out = memory(destination), scratch.count == 4 else { return }
    let sizes: [KernelArgument] = [
      .int(shape.channels), .int(heads), .int(shape.pixels), .int(tokenPitch), .int(headPitch),
    ]
    let parts: [KernelArgument] = scratch.map { .memory($0.id) }
    launch(
      .splitHeads, for: .attend, items: count / (16 * parameters.lanes),
      [.memory(x.id)] + parts[..<3] + sizes + [.long(count)])
    let arguments = parts + [.memory(out.id)] + sizes + [.float(1 / Float(size).squareRoot())]
    let rows = shape.batch * heads
    if parameters.tier == .gpu {
      queue.launch(.attendTiled, for: .attend, groups: [shape.pixels.dividedUp(by: 16), rows], of: [64, 1], arguments)
    } else {
      queue.launch(
        .attendDirect, for: .attend, groups: [shape.pixels.dividedUp(by: parameters.queries), rows], of: [1, 1],
        arguments)
    }
  }
}

extension OpenCLBackend: ResamplingOperations {
  /// Halves height and width by the mean of each 2x2 block.
  public func halve(_ source: Activation, into destination: Activation) {
    let (input, output) = (source.shape, destination.shape)
    precondition(
      output.with(channels: 1)
        == ActivationShape(batch: input.batch, channels: 1, height: input.height / 2, width: input.width / 2)
        && output.channels == input.channels, "\(output) is not half of \(input)")
    resample(.halve, .halve, source, destination)
  }

  /// Doubles height and width by repeating each pixel.
  public func double(_ source: Activation, into destination: Activation) {
    let (input, output) = (source.shape, destination.shape)
    precondition(
      output
        == ActivationShape(
          batch: input.batch, channels: input.channels, height: 2 * input.height, width: 2 * input.width),
      "\(output) is not twice \(input)")
    resample(.repeatPixels, .double, source, destination)
  }

  private func resample(_ kernel: Kernel, _ operation: Operation, _ source: Activation, _ destination: Activation) {
    guard let x = memory(source), let out = memory(destination) else { return }
    let vectors = vectors(of: destination.shape)
    launch(
      kernel, for: operation, items: vectors, .memory(x.id), .memory(out.id), .int(source.shape.channels),
      .int(source.shape.height), .int(source.shape.width), .int(vectors))
  }
}
