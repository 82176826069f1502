/// Sums over exact values.
public protocol ReductionOperations: AnyObject {
  /// Sums the squares of each row: `out[r] = sum over i of x[r, i]^2`, the rows given by `destination.count`.
  ///
  /// The order of the sum depends on the sizes only, so that losses and norms of gradients repeat bit for bit.
  func sumSquares(_ source: Buffer, into destination: Buffer)
}
