import CPUKernels
public import Compute

// What training asks for that treats values or pixels by themselves.

extension CPUBackend {
  /// One pass.
  public func add(
    _ first: FeatureMap, times firstScale: Float, _ second: FeatureMap?, times secondScale: Float,
    into destination: FeatureMap
  ) {
    precondition(
      first.shape == destination.shape && second.map { $0.shape == first.shape } ?? true,
      "\(first.shape) is not \(destination.shape)")
    guard let from = values(first), let to = values(destination) else { return }
    var arguments = pointwise(to, count: first.shape.count)
    arguments.terms = 1
    arguments.sources.0 = UnsafePointer(from)
    arguments.coefficients.0 = firstScale
    if let second {
      guard let other = values(second) else { return }
      arguments.terms = 2
      arguments.sources.1 = UnsafePointer(other)
      arguments.coefficients.1 = secondScale
    }
    pool.run(kernels.combine, arguments, count: pieces(arguments.count, of: arguments.chunk))
  }

  /// One pass, a sample a task.
  public func spatialSum(_ source: FeatureMap, into destination: FeatureMap) {
    let shape = source.shape
    precondition(
      destination.shape == .init(batch: shape.batch, channels: shape.channels), "\(destination.shape) for \(shape)")
    guard let from = values(source), let to = values(destination) else { return }
    pool.run(kernels.sum_pixels, images(from, to, shape), count: shape.batch)
  }

  /// One pass, with the exponentials of ``activate(_:_:into:)``.
  public func activateGradient(
    _ source: FeatureMap, _ function: Nonlinearity, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    precondition(
      source.shape == gradient.shape && source.shape == destination.shape, "three activations of one shape")
    guard let x = values(source), let g = values(gradient), let to = values(destination) else { return }
    var arguments = pointwise(to, count: source.shape.count)
    arguments.sources.0 = UnsafePointer(x)
    arguments.sources.1 = UnsafePointer(g)
    arguments.function = function.cValue
    pool.run(kernels.activate_gradient, arguments, count: pieces(arguments.count, of: arguments.chunk))
  }

  /// One pass; values lie in memory in the order of their words.
  public func dropout(
    _ source: FeatureMap, probability: Double, seeds: [UInt64], key: NoiseKey, into destination: FeatureMap
  ) {
    let shape = source.shape
    let rule = DropoutRule(
      probability: probability, shape: shape, destination: destination.shape, seeds: seeds.count)
    guard let from = values(source), let to = values(destination) else { return }
    let length = shape.channels * shape.pixels, chunk = 4096
    seeds.withUnsafeBufferPointer { seeds in
      let rows = cpu_rows(
        source: from, destination: to, seeds: seeds.baseAddress, row_length: length, chunk: chunk,
        chunks: pieces(length, of: chunk), step: key.step, draw: key.draw)
      let arguments = cpu_dropout(random: rows, threshold: rule.threshold, scale: rule.scale)
      pool.run(kernels.dropout, arguments, count: shape.batch * rows.chunks)
    }
  }

  /// One pass, a row of the result a task.
  public func dilate(_ source: FeatureMap, by stride: Int, into destination: FeatureMap) {
    let (small, large) = (source.shape, destination.shape)
    precondition(
      stride > 0 && large.batch == small.batch && large.channels == small.channels
        && large.height > stride * (small.height - 1) && large.width > stride * (small.width - 1),
      "\(small) spread by \(stride) does not fit \(large)")
    guard let from = values(source), let to = values(destination) else { return }
    let arguments = cpu_spread(
      source: from, destination: to, channels: small.channels, height: small.height, width: small.width,
      stride: stride, output_height: large.height, output_width: large.width)
    pool.run(kernels.spread, arguments, count: large.batch * large.height)
  }

  /// Sums of chunks of 4096 values, added up in double precision.
  public func sumSquares(_ source: Buffer, into destination: Buffer) {
    precondition(
      source.count % destination.count == 0, "\(source.count) values are not \(destination.count) rows")
    let length = source.count / destination.count, chunk = 4096, chunks = pieces(length, of: chunk)
    let sums = CPUStorage(count: destination.count * chunks, in: memory)
    guard let from = values(source), let to = values(destination), let parts = values(sums) else { return }
    let arguments = cpu_rows(
      source: from, destination: parts, seeds: nil, row_length: length, chunk: chunk, chunks: chunks, step: 0, draw: 0)
    withExtendedLifetime(sums) {
      pool.run(kernels.sum_squares, arguments, count: destination.count * chunks)
      for row in 0..<destination.count {
        to[row] = Float((0..<chunks).reduce(0.0) { $0 + Double(parts[row * chunks + $1]) })
      }
    }
  }

  /// One pass over all five lines of values.
  public func adamStep(_ step: AdamStep, gradient: Buffer, _ state: AdamState) {
    state.check(gradient: gradient)
    guard let from = values(gradient), let to = values(state.values), let first = values(state.firstMoment),
      let second = values(state.secondMoment), let average = values(state.average)
    else { return }
    let arguments = cpu_adam(
      gradient: from, values: to, first: first, second: second, average: average, count: gradient.count, chunk: 16384,
      gradient_scale: Float(step.gradientScale), first_decay: Float(step.beta1),
      first_rest: Float(1 - step.beta1), second_decay: Float(step.beta2),
      second_rest: Float(1 - step.beta2), second_correction: Float(step.secondCorrection),
      epsilon: Float(step.epsilon), keep: Float(1 - step.learningRate * step.weightDecay),
      corrected_rate: Float(step.correctedRate), average_decay: Float(step.emaDecay),
      average_rest: Float(1 - step.emaDecay))
    pool.run(kernels.adam_step, arguments, count: pieces(arguments.count, of: arguments.chunk))
  }
}
