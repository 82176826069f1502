import COpenBLAS
import CPUKernels
public import Compute

/// A product cut into pieces of rows and columns, one OpenBLAS call each.
private struct ProductPieces {
  let product: MatrixProduct
  let alpha: Float
  let beta: Float
  let a: UnsafeMutablePointer<Float>
  let b: UnsafeMutablePointer<Float>
  let c: UnsafeMutablePointer<Float>

  /// Rows or columns of a piece: at most 256, shared out evenly so that no thread waits for another's remainder.
  ///
  /// They follow from the shape alone, so that the threads have no part in the result.
  var extent: Int {
    let count = max(product.rows, product.columns)
    return pieces(pieces(count, of: pieces(count, of: 256)), of: 16) * 16
  }

  var rowPieces: Int { product.rows >= product.columns ? pieces(product.rows, of: extent) : 1 }
  var columnPieces: Int { product.rows >= product.columns ? 1 : pieces(product.columns, of: extent) }

  func multiply(_ index: Int) {
    let row = index / columnPieces * extent, column = index % columnPieces * extent
    let rows = rowPieces == 1 ? product.rows : min(extent, product.rows - row)
    let columns = columnPieces == 1 ? product.columns : min(extent, product.columns - column)
    let aStride = product.transposesA ? product.rows : product.inner
    let bStride = product.transposesB ? product.inner : product.columns
    cblas_sgemm(
      CblasRowMajor, product.transposesA ? CblasTrans : CblasNoTrans, product.transposesB ? CblasTrans : CblasNoTrans,
      Int32(rows), Int32(columns), Int32(product.inner), alpha, a + row * (product.transposesA ? 1 : aStride),
      Int32(aStride), b + column * (product.transposesB ? bStride : 1), Int32(bStride), beta,
      c + row * product.columns + column, Int32(product.columns))
  }
}

extension CPUBackend {
  /// One OpenBLAS call a piece of at most 256 rows or columns, on the backend's threads.
  public func multiplyMatrices(
    _ product: MatrixProduct, alpha: Float, _ a: Buffer, _ b: Buffer, beta: Float, into c: Buffer
  ) {
    checkProduct(product, a, b, c)
    guard let a = values(a), let b = values(b), let c = values(c) else { return }
    let work = ProductPieces(product: product, alpha: alpha, beta: beta, a: a, b: b, c: c)
    pool.run(
      { arguments, index, _ in arguments?.assumingMemoryBound(to: ProductPieces.self).pointee.multiply(index) },
      work, count: work.rowPieces * work.columnPieces)
  }

  /// Rows in parallel; exponentials are added up in blocks of 1024, the blocks in double precision.
  public func softmaxRows(_ source: Buffer, columns: Int, scale: Float, offsets: Buffer?, into destination: Buffer) {
    checkSoftmax(source, columns: columns, offsets: offsets, destination)
    guard let from = values(source), let to = values(destination) else { return }
    var shifts: UnsafeMutablePointer<Float>?
    if let offsets {
      guard let values = values(offsets) else { return }
      shifts = values
    }
    let arguments = cpu_softmax(
      source: from, offsets: shifts, destination: to, rows: source.count / columns, columns: columns,
      chunk_rows: max(1, 16384 / columns), scale: scale)
    pool.run(kernels.softmax_rows, arguments, count: pieces(arguments.rows, of: arguments.chunk_rows))
  }
}
