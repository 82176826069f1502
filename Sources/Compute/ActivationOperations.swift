/// The borders between exact values and the layout of a network, and what else only moves activations.
public protocol ActivationOperations: AnyObject {
  /// Brings exact values `[batch, channels, height, width]`, row-major, into a network: `out = scale * x + shift`.
  func enter(_ source: Buffer, scale: Float, shift: Float, into destination: Activation)

  /// Brings an activation out of a network as exact values `[batch, channels, height, width]`, row-major.
  func leave(_ source: Activation, into destination: Buffer)

  /// Applies a function to every value: `out = f(x)`; `destination` may be `source`.
  func activate(_ source: Activation, _ function: Nonlinearity, into destination: Activation)

  /// Looks rows up in a table `[rows, channels]`: `out[b, c] = table[indices[b], c]`, for `[batch, channels, 1, 1]`.
  ///
  /// Indices are checked: each is at least zero and less than the table's rows.
  func gatherRows(of table: Parameter, _ indices: [Int], into destination: Activation)
}
