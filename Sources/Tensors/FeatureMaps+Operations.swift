public import Compute

// Each operation with its gradient. What the way back needs of features is captured part by part, never the features
// themselves: they hold the tape, which would then hold itself and all that it has recorded.

extension FeatureMaps {
  /// Group normalisation, an optional scale and shift a sample, and a function;
  /// see `NormalizationOperations.normalizeGroups(_:_:scaleShift:_:into:)`.
  public func normalized(
    _ normalization: GroupNormalization, scaleShift: FeatureMaps? = nil, _ function: Nonlinearity = .identity
  ) -> FeatureMaps {
    let (scaleAndShift, scaleShiftSlot) = (scaleShift?.activation, scaleShift?.slots.first)
    return makeResult(shape, reading: [scaleShift], [normalization.gamma, normalization.beta]) {
      backend.normalizeGroups(operand, normalization, scaleShift: scaleAndShift, function, into: $0)
    } backward: { [operand, shape, backend, slots] tape, gradient in
      let (first, second) = (slots.first?.gradient, slots.second?.gradient)
      let destinations = NormalizationGradient(
        first: first ?? backend.makeFeatureMap(operand.first.shape), addsToFirst: first != nil,
        second: operand.second.map { second ?? backend.makeFeatureMap($0.shape) }, addsToSecond: second != nil,
        gamma: backend.makeBuffer(count: shape.channels), beta: backend.makeBuffer(count: shape.channels),
        scaleShift: scaleAndShift.map { backend.makeFeatureMap($0.shape) })
      backend.normalizeGroupsGradient(
        operand, normalization, scaleShift: scaleAndShift, function, gradient: gradient, into: destinations)
      slots.first?.gradient = destinations.first
      slots.second?.gradient = destinations.second
      if tape.watchesParameters {
        tape.gradients.add(destinations.gamma, of: normalization.gamma)
        tape.gradients.add(destinations.beta, of: normalization.beta)
      }
      if let change = destinations.scaleShift { tape.accumulate(change, into: scaleShiftSlot) }
    }
  }

  /// Attention between pixels, of feature maps that hold queries, keys and values one after the other;
  /// see `AttentionOperations.attend(_:heads:into:)`.
  public func attended(heads: Int) -> FeatureMaps {
    precondition(shape.channels % 3 == 0, "\(shape) does not hold queries, keys and values")
    return makeResult(shape.with(channels: shape.channels / 3)) {
      backend.attend(activation, heads: heads, into: $0)
    } backward: { [activation, shape, backend, slots] tape, gradient in
      let change = backend.makeFeatureMap(shape)
      backend.attendGradient(activation, heads: heads, gradient, into: change)
      tape.accumulate(change, into: slots.first)
    }
  }

  /// A function of every value.
  public func activated(_ function: Nonlinearity) -> FeatureMaps {
    makeResult(shape) {
      backend.activate(activation, function, into: $0)
    } backward: { [activation, backend, slots] tape, gradient in
      backend.activateGradient(activation, function, gradient, into: gradient)
      tape.accumulate(gradient, into: slots.first)
    }
  }

  /// Values dropped with a probability while a tape with noise watches, else the feature maps themselves;
  /// see `FeatureMapOperations.dropout(_:probability:seeds:key:into:)`.
  public func dropped(_ probability: Double) -> FeatureMaps {
    guard probability > 0, let tape, let noise = tape.dropout else { return self }
    let key = tape.drawKey(noise.step)
    return makeResult(shape) {
      backend.dropout(activation, probability: probability, seeds: noise.seeds, key: key, into: $0)
    } backward: { [backend, slots] tape, gradient in
      backend.dropout(gradient, probability: probability, seeds: noise.seeds, key: key, into: gradient)
      tape.accumulate(gradient, into: slots.first)
    }
  }

  /// Downsamples by two: the mean of 2x2 blocks; gradients need even extents.
  public func downsampled() -> FeatureMaps {
    let half = FeatureMapShape(
      batch: shape.batch, channels: shape.channels, height: shape.height / 2, width: shape.width / 2)
    return makeResult(half) {
      backend.downsample(activation, into: $0)
    } backward: { [shape, backend, slots] tape, gradient in
      let change = backend.makeFeatureMap(shape)
      backend.upsample(gradient, into: change)
      backend.add(change, times: 0.25, nil, times: 0, into: change)
      tape.accumulate(change, into: slots.first)
    }
  }

  /// Blurs each channel; see `ResamplingOperations.blur(_:into:)`.
  ///
  /// - Parameter growing: Whether the result is larger by a pixel on every side, as far as the blur reaches.
  public func blurred(growing: Bool = false) -> FeatureMaps {
    let margin = growing ? 2 : 0
    let result = FeatureMapShape(
      batch: shape.batch, channels: shape.channels, height: shape.height + margin, width: shape.width + margin)
    return makeResult(result) {
      backend.blur(activation, into: $0)
    } backward: { [shape, backend, slots] tape, gradient in
      let change = backend.makeFeatureMap(shape)
      backend.blur(gradient, into: change)
      tape.accumulate(change, into: slots.first)
    }
  }

  /// The sum with others, times a factor.
  public func adding(_ other: FeatureMaps, scale: Double = 1) -> FeatureMaps {
    let (own, others) = (slots.first, other.slots.first)
    return makeResult(shape, reading: [other]) {
      backend.add(activation, times: Float(scale), other.activation, times: Float(scale), into: $0)
    } backward: { [shape, backend] tape, gradient in
      if scale != 1 { backend.add(gradient, times: Float(scale), nil, times: 0, into: gradient) }
      if own != nil {
        let copy = backend.makeFeatureMap(shape)
        backend.add(gradient, times: 1, nil, times: 0, into: copy)
        tape.accumulate(copy, into: own)
      }
      // The gradient itself goes on, when nothing reads it any more.
      tape.accumulate(gradient, into: others)
    }
  }

  /// Upsamples by two, by nearest neighbour.
  public func upsampled() -> FeatureMaps {
    let twice = FeatureMapShape(
      batch: shape.batch, channels: shape.channels, height: 2 * shape.height, width: 2 * shape.width)
    return makeResult(twice) {
      backend.upsample(activation, into: $0)
    } backward: { [shape, backend, slots] tape, gradient in
      let change = backend.makeFeatureMap(shape)
      backend.downsample(gradient, into: change)
      backend.add(change, times: 4, nil, times: 0, into: change)
      tape.accumulate(change, into: slots.first)
    }
  }

  /// Rows of a table `[rows, channels]`, one an index, as `[indices.count, channels, 1, 1]`.
  public static func rows(
    _ indices: [Int], of table: Parameter, on backend: any Backend, watchedBy tape: Tape? = nil
  ) -> FeatureMaps {
    let (rows, channels) = (table.shape[0], table.shape[1])
    return make(.init(batch: indices.count, channels: channels), [table], on: backend, watchedBy: tape) {
      backend.lookUpEmbedding(of: table, indices, into: $0)
    } backward: { tape, gradient in
      guard tape.watchesParameters else { return }
      // The sum over samples of ones at their indices times their gradients.
      var selection = [Float](repeating: 0, count: indices.count * rows)
      for (place, index) in indices.enumerated() { selection[place * rows + index] = 1 }
      let values = FeatureMaps(Operand(gradient), on: backend).tensor().reshaped([indices.count, channels])
      let sums = Tensor(selection, shape: [indices.count, rows], on: backend)
        .multiplied(by: values, transposingSelf: true)
      tape.gradients.add(sums.buffer, of: table)
    }
  }

  /// What `block` makes of these feature maps and others; where the tape wants it, only the inputs are kept and the block is
  /// evaluated again on the way back.
  public func through(_ block: @escaping (FeatureMaps, FeatureMaps) -> FeatureMaps, with other: FeatureMaps)
    -> FeatureMaps
  {
    guard let tape, tape.checkpointsBlocks else { return block(self, other) }
    return Tape.checkpointed([self, other]) { block($0[0], $0[1]) }
  }

  /// The mean over the pixels of each channel, `[batch, channels, 1, 1]`.
  public func pooled() -> FeatureMaps {
    let scale = 1 / Float(shape.pixels)
    return makeResult(.init(batch: shape.batch, channels: shape.channels)) {
      backend.spatialSum(activation, into: $0)
      backend.add($0, times: scale, nil, times: 0, into: $0)
    } backward: { [shape, backend, slots] tape, gradient in
      // Every pixel has the same gradient: an outer product with a row of equal values.
      let values = FeatureMaps(Operand(gradient), on: backend).tensor().reshaped([shape.batch * shape.channels, 1])
      let row = Tensor([Float](repeating: scale, count: shape.pixels), shape: [1, shape.pixels], on: backend)
      let change = values.multiplied(by: row)
        .reshaped([shape.batch, shape.channels, shape.height, shape.width]).featureMaps()
      tape.accumulate(change.activation, into: slots.first)
    }
  }
}

extension FeatureMaps {
  /// The largest value or the mean of the window around each pixel; see `ResamplingOperations.poolWindows(_:_:into:)`.
  ///
  /// It has no gradient: no network that is trained has it, and a tape must not watch.
  public func pooled(_ pooling: PoolingShape) -> FeatureMaps {
    precondition(tape == nil, "windows are pooled without a tape")
    let result = backend.makeFeatureMap(pooling.output(for: shape))
    backend.poolWindows(activation, pooling, into: result)
    return .init(Operand(result), on: backend)
  }
}
