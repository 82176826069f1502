public import Compute

extension OpenCLBackend: AttentionOperations {
  /// Attention without the matrix of scores; scratch memory of four times the destination, heads padded, but none on matrix
  /// units.
  public func attend(_ projections: FeatureMap, heads: Int, into destination: FeatureMap) {
    let shape = destination.shape
    checkAttend(projections, heads: heads, destination)
    let size = shape.channels / heads
    if parameters.matrixUnits != .none && !options.isExact && size % 8 == 0 {
      attendTensorCores(projections, heads: heads, into: destination)
      return
    }
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

  /// Weights and their gradients for as many heads at a time as 64 MB hold, then those of queries, keys and values.
  public func attendGradient(
    _ projections: FeatureMap, heads: Int, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    let shape = gradient.shape, tokens = shape.pixels
    checkAttendGradient(projections, heads: heads, gradient, destination)
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
