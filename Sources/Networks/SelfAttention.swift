import Compute
import Tensors

/// Attention between the pixels of an image, added to it.
///
/// ```
/// out = (x + project(attention(queries, keys, values of norm(x)))) / scaleFactor
/// ```
struct SelfAttention {
  let heads: Int
  let scale: Double
  let norm: Normalization?
  let projections: Convolution
  let output: Convolution

  /// - Parameters:
  ///   - level: The level, 0 for the finest.
  ///   - groups: Groups of the normalisation with the key that set them, or nil for no normalisation.
  init(
    _ scope: ParameterScope, _ configuration: UNetConfiguration, level: Int, channels: Int,
    groups: (count: Int, key: String)?,
    scaleFactor: Double
  ) throws(NetworkError) {
    let headWidth = configuration.headWidth(ofLevel: level) ?? channels
    guard headWidth <= channels else {
      throw scope.fault("attention_head_dim: \(headWidth) is more than the \(channels) channels of \(scope.path)")
    }
    heads = channels / headWidth
    scale = 1 / scaleFactor
    norm = try groups.map { groups throws(NetworkError) in
      try Normalization(
        scope["group_norm"], channels: channels, groups: groups.count, groupsKey: groups.key,
        epsilon: configuration.epsilon, .identity)
    }
    // Where the head width does not divide the channels, the heads together are narrower than the image.
    let width = heads * headWidth
    projections = try .init(joining: [scope["to_q"], scope["to_k"], scope["to_v"]], from: channels, to: width)
    output = try .init(linear: scope["to_out", 0], from: width, to: channels)
  }

  func callAsFunction(_ x: FeatureMaps) -> FeatureMaps {
    let attended = projections(norm?(x) ?? x).attended(heads: heads)
    return output(attended, residual: x, scale: scale)
  }
}
