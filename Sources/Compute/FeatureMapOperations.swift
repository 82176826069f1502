/// The borders between exact values and the layout of a network, and what else only moves activations.
public protocol FeatureMapOperations: AnyObject {
  /// Brings exact values `[batch, channels, height, width]`, row-major, into a network: `out = scale * x + shift`.
  func enter(_ source: Buffer, scale: Float, shift: Float, into destination: FeatureMap)

  /// Brings an activation out of a network as exact values `[batch, channels, height, width]`, row-major.
  func leave(_ source: FeatureMap, into destination: Buffer)

  /// Applies a function to every value: `out = f(x)`; `destination` may be `source`.
  func activate(_ source: FeatureMap, _ function: Nonlinearity, into destination: FeatureMap)

  /// Looks rows up in a table `[rows, channels]`: `out[b, c] = table[indices[b], c]`, for `[batch, channels, 1, 1]`.
  ///
  /// Indices are checked: each is at least zero and less than the table's rows.
  func lookUpEmbedding(of table: Parameter, _ indices: [Int], into destination: FeatureMap)

  /// Adds activations: `out = firstScale * a + secondScale * b`, or `firstScale * a` alone; `destination` may be a source.
  func add(
    _ first: FeatureMap, times firstScale: Float, _ second: FeatureMap?, times secondScale: Float,
    into destination: FeatureMap)

  /// Sums the pixels of each channel: `out[b, c] = sum over y, x of in[b, c, y, x]`, for `[batch, channels, 1, 1]`.
  ///
  /// It is the gradient of whatever was added to every pixel of a channel.
  func spatialSum(_ source: FeatureMap, into destination: FeatureMap)

  /// The gradient of ``activate(_:_:into:)``: `out = f'(x) * g`; `destination` may be `gradient`.
  ///
  /// - Parameters:
  ///   - source: `x`, what the function was given.
  ///   - function: `f`. The derivative of a rectifier at zero is zero.
  ///   - gradient: `g`, the gradient of the function's result.
  ///   - destination: The gradient of `x`.
  func activateGradient(
    _ source: FeatureMap, _ function: Nonlinearity, _ gradient: FeatureMap, into destination: FeatureMap)

  /// Sets each value to zero with a probability and divides the others by what is left of one (Srivastava et al. 2014).
  ///
  /// ```
  /// out[b, place] = u >= probability ? x / (1 - probability) : 0,   u = word / 2^32,   place = (y * width + x) * channels + c
  /// ```
  ///
  /// `word` is word `place % 4` of Philox-4x32 under the sample's seed with counter `(place / 4, step, draw, 1)`, see
  /// ``RandomOperations/fillNormal(_:seeds:key:)``: what is dropped depends on nothing else, and the gradient of a result is
  /// dropped by the same call.
  ///
  /// - Parameters:
  ///   - source: One activation; `destination` may be the same.
  ///   - probability: At least zero and less than one.
  ///   - seeds: One for each sample.
  ///   - key: Which draw of the seeds' streams.
  ///   - destination: The result.
  func dropout(
    _ source: FeatureMap, probability: Double, seeds: [UInt64], key: NoiseKey, into destination: FeatureMap)
}
