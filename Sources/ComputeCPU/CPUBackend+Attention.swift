import COpenBLAS
import CPUKernels
public import Compute

/// Attention cut into blocks of queries of one head of one sample.
private struct AttentionPieces {
  let projections: UnsafeMutablePointer<Float>
  let destination: UnsafeMutablePointer<Float>
  let softmaxRows: KernelTask?
  let tokens: Int
  let channels: Int
  let heads: Int
  /// Queries of a block, such that their logits fit the scratch.
  let blockRows: Int

  var blocks: Int { pieces(tokens, of: blockRows) }

  func attend(_ index: Int, scratch: UnsafeMutablePointer<Float>) {
    let (pair, block) = index.quotientAndRemainder(dividingBy: blocks)
    let (sample, head) = pair.quotientAndRemainder(dividingBy: heads)
    let width = channels / heads, row = block * blockRows, rows = min(blockRows, tokens - row)
    let queries = projections + sample * tokens * 3 * channels + head * width
    let keys = queries + channels, values = keys + channels, stride = Int32(3 * channels)
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(tokens), Int32(width), 1 / Float(width).squareRoot(),
      queries + row * 3 * channels, stride, keys, stride, 0, scratch, Int32(tokens))
    let softmax = cpu_softmax(
      source: scratch, offsets: nil, destination: scratch, rows: rows, columns: tokens, chunk_rows: rows, scale: 1)
    withUnsafePointer(to: softmax) { softmaxRows?($0, 0, nil) }
    cblas_sgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(width), Int32(tokens), 1, scratch, Int32(tokens),
      values, stride, 0, destination + (sample * tokens + row) * channels + head * width, Int32(channels))
  }
}

extension CPUBackend {
  /// Two OpenBLAS products and a softmax for each block of up to 128 queries of a head, whose logits fit the scratch.
  public func attend(_ projections: FeatureMap, heads: Int, into destination: FeatureMap) {
    let shape = destination.shape
    checkAttend(projections, heads: heads, destination)
    let scratchValues = ThreadPool.scratchBytes / MemoryLayout<Float>.stride
    precondition(shape.pixels <= scratchValues, "attention between more than \(scratchValues) pixels")
    guard let from = values(projections), let to = values(destination) else { return }
    let work = AttentionPieces(
      projections: from, destination: to, softmaxRows: kernels.softmax_rows, tokens: shape.pixels,
      channels: shape.channels, heads: heads, blockRows: min(shape.pixels, 128, scratchValues / shape.pixels))
    pool.run(
      { arguments, index, scratch in
        guard let scratch else { return }
        arguments?.assumingMemoryBound(to: AttentionPieces.self).pointee
          .attend(index, scratch: scratch.assumingMemoryBound(to: Float.self))
      }, work, count: shape.batch * heads * work.blocks)
  }
}
