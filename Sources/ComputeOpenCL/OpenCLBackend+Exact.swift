public import Compute

extension OpenCLBackend: RandomOperations {
  /// Fills rows with normals of their seeds.
  public func fillNormal(_ destination: Buffer, seeds: [UInt64], key: NoiseKey) {
    checkFillNormal(destination, seeds: seeds)
    guard let out = memory(destination), let words = words(of: seeds) else { return }
    let length = destination.count / seeds.count
    launch(
      .fillNormal, for: .fillNormal, items: seeds.count * length.dividedUp(by: 4), .memory(out.id), .memory(words.id),
      .word(key.step), .word(key.draw), .int(length), .int(seeds.count))
  }

  /// The seeds as pairs of words on the device, low halves first; those of the last call are kept, as steps repeat them.
  func words(of seeds: [UInt64]) -> DeviceMemory? {
    if let seedMemory, seedMemory.seeds == seeds { return seedMemory.memory }
    let words = seeds.flatMap { [UInt32(truncatingIfNeeded: $0), UInt32(truncatingIfNeeded: $0 >> 32)] }
    guard let memory = upload(words, for: "seeds") else { return nil }
    seedMemory = (seeds, memory)
    return memory
  }
}

extension OpenCLBackend: PointwiseOperations {
  /// A linear combination of one to eight terms in one pass.
  public func combine(_ terms: [Term], into destination: Buffer) {
    checkCombine(terms, destination)
    let sources = terms.compactMap { memory($0.buffer) }
    guard sources.count == terms.count, let out = memory(destination) else { return }
    // The kernel does not read places past the last term: they hold the first one, times NaN, so that it would show.
    let places = (0..<8).map { sources[$0 < sources.count ? $0 : 0] }
    let factors = (0..<8).map { $0 < terms.count ? Float(terms[$0].coefficient) : .nan }
    let arguments: [KernelArgument] =
      places.map { .memory($0.id) } + [.memory(out.id)] + factors.map { .float($0) }
      + [.int(terms.count), .int(destination.count)]
    launch(.combine, for: .combine, items: destination.count.dividedUp(by: parameters.lanes), arguments)
  }

  /// Limits values.
  public func clamp(_ source: Buffer, lower: Float, upper: Float, into destination: Buffer) {
    checkLengths(source, destination)
    guard let x = memory(source), let out = memory(destination) else { return }
    launch(
      .clampValues, for: .clamp, items: source.count.dividedUp(by: parameters.lanes), .memory(x.id), .memory(out.id),
      .float(lower), .float(upper), .int(source.count))
  }

  /// Limits each row to its own range and scales that to one.
  public func clampRows(_ source: Buffer, limits: Buffer, into destination: Buffer) {
    launchRows(.clampRows, .clampRows, source, limits, destination)
  }

  /// Multiplies each row by its own factor.
  public func scaleRows(_ source: Buffer, by factors: Buffer, into destination: Buffer) {
    launchRows(.scaleRows, .scaleRows, source, factors, destination)
  }

  /// Copies rows by their places, which are uploaded.
  public func selectRows(_ source: Buffer, _ indices: [Int], into destination: Buffer) {
    checkSelectRows(source, indices, destination)
    let length = destination.count / indices.count
    guard let x = memory(source), let out = memory(destination),
      let places = upload(indices.map(Int32.init), for: "indices")
    else { return }
    launch(
      .selectRows, for: .selectRows, items: destination.count, .memory(x.id), .memory(places.id), .memory(out.id),
      .int(length), .int(destination.count))
  }

  /// Multiplies values by a function of others.
  public func scaleByFunction(
    _ source: Buffer, of argument: Buffer, _ rule: ScalingFunction, into destination: Buffer
  ) {
    checkScaling(source, of: argument, destination)
    guard let x = memory(source), let y = memory(argument), let out = memory(destination) else { return }
    let kernel: Kernel =
      switch rule.kind {
      case .exponential: .scaleByExponential
      case .squareRoot: .scaleByRoot
      }
    launch(
      kernel, for: .scaleByFunction, items: source.count.dividedUp(by: parameters.lanes), .memory(x.id), .memory(y.id),
      .memory(out.id), .float(rule.scale), .float(rule.factor), .int(source.count))
  }

  private func launchRows(
    _ kernel: Kernel, _ operation: OperationKind, _ source: Buffer, _ rows: Buffer, _ destination: Buffer
  ) {
    checkRows(source, rows: rows, destination)
    guard let x = memory(source), let perRow = memory(rows), let out = memory(destination) else { return }
    launch(
      kernel, for: operation, items: source.count, .memory(x.id), .memory(perRow.id), .memory(out.id),
      .int(source.count / rows.count), .int(source.count))
  }
}

extension OpenCLBackend: MatrixOperations {
  /// A matrix product: packed columns and register tiles on processors, tiles in local memory elsewhere.
  public func multiplyMatrices(
    _ product: MatrixProduct, alpha: Float, _ a: Buffer, _ b: Buffer, beta: Float, into c: Buffer
  ) {
    let (rows, columns, inner) = (product.rows, product.columns, product.inner)
    checkProduct(product, a, b, c)
    guard let left = memory(a), let right = memory(b), let out = memory(c) else { return }
    let (aRow, aStep) = product.transposesA ? (1, rows) : (inner, 1)
    let (bRow, bStep) = product.transposesB ? (1, inner) : (columns, 1)
    let sizes: [KernelArgument] = [.int(rows), .int(columns), .int(inner), .long(aRow), .long(aStep)]
    let factors: [KernelArgument] = [.float(alpha), .float(beta)]
    if parameters.tier == .gpu {
      let operands: [KernelArgument] = [.memory(left.id), .memory(right.id), .memory(out.id)]
      queue.launch(
        .multiplyTiled, for: .multiplyMatrices, groups: [columns.dividedUp(by: 64), rows.dividedUp(by: 64)],
        of: [16, 16], operands + sizes + [.long(bRow), .long(bStep)] + factors)
      return
    }
    let block = 2 * parameters.lanes
    let count = columns.roundedUp(to: block) * inner
    guard let packed = pool.allocate(count, for: "packed columns of \(product)") else { return }
    launch(
      .packColumns, for: .multiplyMatrices, items: count, .memory(right.id), .memory(packed.id), .int(columns),
      .int(inner), .long(bRow), .long(bStep), .long(count))
    let operands: [KernelArgument] = [.memory(left.id), .memory(packed.id), .memory(out.id)]
    queue.launch(
      .multiplyPacked, for: .multiplyMatrices,
      groups: [columns.dividedUp(by: block), rows.dividedUp(by: parameters.rows)], of: [1, 1],
      operands + sizes + factors)
  }

  /// A softmax over each row, one work-group a row.
  public func softmaxRows(_ source: Buffer, columns: Int, scale: Float, offsets: Buffer?, into destination: Buffer) {
    checkSoftmax(source, columns: columns, offsets: offsets, destination)
    guard let x = memory(source), let out = memory(destination), let addends = memory(offsets ?? source) else { return }
    queue.launch(
      .softmaxRows, for: .softmaxRows, groups: [source.count / columns], of: [parameters.groupSize],
      [
        .memory(x.id), .memory(addends.id), .memory(out.id), .int(columns), .float(scale),
        .int(offsets == nil ? 0 : 1),
      ])
  }
}
