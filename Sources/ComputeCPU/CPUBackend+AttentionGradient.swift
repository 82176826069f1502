import COpenBLAS
import CPUKernels
public import Compute

/// The gradient of attention, one head of one sample a task: keys and values gather from all queries in their order.
private struct AttentionGradientPieces {
  let projections: UnsafeMutablePointer<Float>
  let gradient: UnsafeMutablePointer<Float>
  let destination: UnsafeMutablePointer<Float>
  let softmaxRows: KernelTask?
  let softmaxGradient: KernelTask?
  let tokens: Int
  let channels: Int
  let heads: Int
  /// Queries of a block, such that their weights and the weights' gradients fit the scratch.
  let blockRows: Int

  func attend(_ index: Int, scratch: UnsafeMutablePointer<Float>) {
    let (sample, head) = index.quotientAndRemainder(dividingBy: heads)
    let width = channels / heads, stride = 3 * channels
    let queries = projections + sample * tokens * stride + head * width
    let to = destination + sample * tokens * stride + head * width
    let from = gradient + sample * tokens * channels + head * width
    for row in Swift.stride(from: 0, to: tokens, by: blockRows) {
      let rows = min(blockRows, tokens - row), scale = 1 / Float(width).squareRoot()
      let weights = scratch, changes = scratch + blockRows * tokens
      func multiply(
        _ transposesLeft: CBLAS_TRANSPOSE, _ transposesRight: CBLAS_TRANSPOSE, _ m: Int, _ n: Int, _ k: Int,
        _ alpha: Float, _ a: UnsafeMutablePointer<Float>, _ aStride: Int, _ b: UnsafeMutablePointer<Float>,
        _ bStride: Int, _ beta: Float, _ c: UnsafeMutablePointer<Float>, _ cStride: Int
      ) {
        cblas_sgemm(
          CblasRowMajor, transposesLeft, transposesRight, Int32(m), Int32(n), Int32(k), alpha, a, Int32(aStride), b,
          Int32(bStride), beta, c, Int32(cStride))
      }
      let query = queries + row * stride, keys = queries + channels, contents = keys + channels
      multiply(CblasNoTrans, CblasTrans, rows, tokens, width, scale, query, stride, keys, stride, 0, weights, tokens)
      let softmax = cpu_softmax(
        source: weights, offsets: nil, destination: weights, rows: rows, columns: tokens, chunk_rows: rows, scale: 1)
      withUnsafePointer(to: softmax) { softmaxRows?($0, 0, nil) }
      let result = from + row * channels, adds: Float = row == 0 ? 0 : 1
      multiply(CblasNoTrans, CblasTrans, rows, tokens, width, 1, result, channels, contents, stride, 0, changes, tokens)
      multiply(
        CblasTrans, CblasNoTrans, tokens, width, rows, 1, weights, tokens, result, channels, adds, to + 2 * channels,
        stride)
      var change = softmax
      change.destination = changes
      withUnsafePointer(to: change) { softmaxGradient?($0, 0, nil) }
      multiply(
        CblasNoTrans, CblasNoTrans, rows, width, tokens, scale, changes, tokens, keys, stride, 0, to + row * stride,
        stride)
      multiply(
        CblasTrans, CblasNoTrans, tokens, width, rows, scale, changes, tokens, query, stride, adds, to + channels,
        stride)
    }
  }
}

extension CPUBackend {
  /// Five OpenBLAS products and a softmax for each block of queries of a head.
  public func attendGradient(
    _ projections: FeatureMap, heads: Int, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    let shape = gradient.shape
    checkAttendGradient(projections, heads: heads, gradient, destination)
    let scratchValues = ThreadPool.scratchBytes / MemoryLayout<Float>.stride
    precondition(2 * shape.pixels <= scratchValues, "attention between more than \(scratchValues / 2) pixels")
    guard let values = values(projections), let from = self.values(gradient), let to = self.values(destination) else {
      return
    }
    let work = AttentionGradientPieces(
      projections: values, gradient: from, destination: to, softmaxRows: kernels.softmax_rows,
      softmaxGradient: kernels.softmax_gradient, tokens: shape.pixels, channels: shape.channels, heads: heads,
      blockRows: min(shape.pixels, 128, scratchValues / (2 * shape.pixels)))
    pool.run(
      { arguments, index, scratch in
        guard let scratch else { return }
        arguments?.assumingMemoryBound(to: AttentionGradientPieces.self).pointee
          .attend(index, scratch: scratch.assumingMemoryBound(to: Float.self))
      }, work, count: shape.batch * heads)
  }
}
