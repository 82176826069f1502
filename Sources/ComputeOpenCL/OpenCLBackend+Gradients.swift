public import Compute

// What training asks for, normalisation apart.

extension OpenCLBackend: ReductionOperations, OptimizerOperations {
  /// One pass.
  public func add(
    _ first: FeatureMap, times firstScale: Float, _ second: FeatureMap?, times secondScale: Float,
    into destination: FeatureMap
  ) {
    let shape = destination.shape
    precondition(
      first.shape == shape && second.map { $0.shape == shape } ?? true, "\(first.shape) does not fill \(shape)")
    guard let x = memory(first), let y = memory(second ?? first), let out = memory(destination) else { return }
    let vectors = vectors(of: shape)
    launch(
      .addFeatureMaps, for: .add, items: vectors, .memory(x.id), .memory(y.id), .memory(out.id), .float(firstScale),
      .float(secondScale), .int(second == nil ? 0 : 1), .int(vectors))
  }

  /// One pass, some channels of a sample a work-item.
  public func spatialSum(_ source: FeatureMap, into destination: FeatureMap) {
    let shape = source.shape
    precondition(
      destination.shape == FeatureMapShape(batch: shape.batch, channels: shape.channels), "no sums of \(shape)")
    guard let x = memory(source), let out = memory(destination) else { return }
    launch(
      .spatialSum, for: .spatialSum, items: vectors(of: destination.shape), .memory(x.id), .memory(out.id),
      .int(shape.channels), .int(shape.pixels), .int(shape.batch))
  }

  /// One pass.
  public func activateGradient(
    _ source: FeatureMap, _ function: Nonlinearity, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    precondition(
      source.shape == gradient.shape && source.shape == destination.shape, "three activations of one shape")
    guard let x = memory(source), let g = memory(gradient), let out = memory(destination) else { return }
    let vectors = vectors(of: source.shape)
    launch(
      .activateGradient, for: .activateGradient, items: vectors, .memory(x.id), .memory(g.id), .memory(out.id),
      .int(function.number), .int(vectors))
  }

  /// One pass; words are made once for four places that lie together.
  public func dropout(
    _ source: FeatureMap, probability: Double, seeds: [UInt64], key: NoiseKey, into destination: FeatureMap
  ) {
    let shape = source.shape
    let rule = DropoutRule(
      probability: probability, shape: shape, destination: destination.shape, seeds: seeds.count)
    guard let x = memory(source), let out = memory(destination), let words = words(of: seeds) else { return }
    let vectors = vectors(of: shape)
    launch(
      .dropValues, for: .dropout, items: vectors, .memory(x.id), .memory(out.id), .memory(words.id), .word(key.step),
      .word(key.draw), .word(rule.threshold), .float(rule.scale),
      .int(shape.channels), .int(shape.pixels), .int(vectors))
  }

  /// One pass over the destination.
  public func dilate(_ source: FeatureMap, by stride: Int, into destination: FeatureMap) {
    let (small, large) = (source.shape, destination.shape)
    precondition(
      stride > 0 && large.batch == small.batch && large.channels == small.channels
        && large.height > stride * (small.height - 1) && large.width > stride * (small.width - 1),
      "\(small) spread by \(stride) does not fit \(large)")
    guard let x = memory(source), let out = memory(destination) else { return }
    let vectors = vectors(of: large)
    launch(
      .spreadPixels, for: .dilate, items: vectors, .memory(x.id), .memory(out.id), .int(small.channels),
      .int(small.height), .int(small.width), .int(stride), .int(large.height), .int(large.width), .int(vectors))
  }

  /// Sums of chunks of 1024 values, then of chunks.
  public func sumSquares(_ source: Buffer, into destination: Buffer) {
    let rows = destination.count
    precondition(source.count.isMultiple(of: rows), "\(source.count) values are not \(rows) rows")
    let length = source.count / rows, chunk = 1024, chunks = length.dividedUp(by: chunk)
    guard let x = memory(source), let out = memory(destination),
      let sums = pool.allocate(rows * chunks, for: "sums of squares")
    else { return }
    launch(
      .sumSquares, for: .sumSquares, items: rows * chunks, .memory(x.id), .memory(sums.id), .int(length), .int(chunk),
      .int(chunks), .int(rows))
    launch(.foldSquares, for: .sumSquares, items: rows, .memory(sums.id), .memory(out.id), .int(chunks), .int(rows))
  }

  /// One pass over all five lines of values.
  public func adamStep(_ step: AdamStep, gradient: Buffer, _ state: AdamState) {
    state.check(gradient: gradient)
    guard let g = memory(gradient), let values = memory(state.values), let first = memory(state.firstMoment),
      let second = memory(state.secondMoment), let average = memory(state.average)
    else { return }
    let numbers = [
      step.gradientScale, step.beta1, 1 - step.beta1, step.beta2, 1 - step.beta2,
      step.secondCorrection, step.epsilon, 1 - step.learningRate * step.weightDecay, step.correctedRate, step.emaDecay,
      1 - step.emaDecay,
    ]
    launch(
      .adamStep, for: .adamStep, items: gradient.count.dividedUp(by: parameters.lanes),
      [g, values, first, second, average].map { .memory($0.id) } + numbers.map { .float(Float($0)) }
        + [.int(gradient.count)])
  }
}

extension OpenCLBackend {
  /// Outer products in registers, sums of pieces of the batch, then the sum of the pieces.
  public func convolveFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: FeatureMap, into destination: Buffer
  ) {
    let input = operand.shape, output = gradient.shape, taps = shape.taps
    precondition(shape.output(for: input) == output, "\(shape) makes no \(output) of \(input)")
    precondition(destination.count == shape.filterCount, "\(destination.count) values are no filter of \(shape)")
    let width = 2 * parameters.lanes, panels = output.channels.dividedUp(by: width), rows = 8
    // Enough pieces for every core of a processor, or for a graphics processor's many more; a matter of the sizes alone.
    let wanted = parameters.tier == .gpu ? 64 : 8
    let pieces = max(1, min(output.batch, wanted.dividedUp(by: panels)))
    guard let g = memory(gradient), let out = memory(destination),
      let sums = pool.allocate(pieces * panels * taps * input.channels * width, for: "sums of a filter's gradient")
    else { return }
    var base = 0
    for part in [operand.first, operand.second] {
      guard let part else { continue }
      guard let x = memory(part) else { return }
      let numbers = [
        part.shape.channels, base, input.channels, output.channels, input.height, input.width, output.height,
        output.width, output.batch, taps, shape.kernelWidth, shape.stride, shape.padding.top, shape.padding.left,
        shape.upsamplesInput ? 1 : 0, pieces,
      ]
      queue.launch(
        .filterGradient, for: .convolveFilterGradient,
        groups: [part.shape.channels.dividedUp(by: rows), panels, pieces], of: [1, 1, 1],
        [.memory(x.id), .memory(g.id), .memory(sums.id)] + numbers.map { .int($0) })
      base += part.shape.channels
    }
    launch(
      .foldFilterGradient, for: .convolveFilterGradient, items: shape.filterCount, .memory(sums.id), .memory(out.id),
      .int(input.channels), .int(taps), .int(panels), .int(pieces), .int(shape.filterCount))
  }

  /// Weights and their gradients for as many heads at a time as 64 MB hold, then those of queries, keys and values.
  public func attendGradient(
    _ projections: FeatureMap, heads: Int, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    let shape = gradient.shape, tokens = shape.pixels
    precondition(
      projections.shape == shape.with(channels: 3 * shape.channels) && destination.shape == projections.shape,
      "\(projections.shape) is not three of \(shape)")
    precondition(heads > 0 && shape.channels.isMultiple(of: heads), "\(heads) heads do not divide \(shape)")
    let all = shape.batch * heads, size = shape.channels / heads
    let together = max(1, min(all, (8 << 20) / (tokens * tokens)))
    guard let x = memory(projections), let g = memory(gradient), let out = memory(destination),
      let weights = pool.allocate(together * tokens * tokens, for: "weights of attention"),
      let changes = pool.allocate(together * tokens * tokens, for: "gradients of weights of attention")
    else { return }
    for first in stride(from: 0, to: all, by: together) {
      let count = min(together, all - first)
      let sizes: [KernelArgument] = [
        .int(shape.channels), .int(heads), .int(tokens), .int(first), .int(count),
        .float(1 / Float(size).squareRoot()),
      ]
      let matrices: [KernelArgument] = [.memory(x.id), .memory(g.id), .memory(weights.id), .memory(changes.id)]
      launch(.attentionWeights, for: .attendGradient, items: count * tokens, matrices + sizes)
      launch(
        .attentionGradient, for: .attendGradient, items: count * tokens * size.dividedUp(by: parameters.lanes),
        matrices + [.memory(out.id)] + sizes)
    }
  }
}
