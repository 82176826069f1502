/// Names and shapes that older releases of diffusers, and single-file weights, gave to the same parameters.
enum FormerNames {
  private static let prefixes = [
    "time_steps": "time_proj", "mid": "mid_block", "downsample_blocks": "down_blocks", "upsample_blocks": "up_blocks",
  ]
  private static let attention = [
    "query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0",
  ]

  /// The name that diffusers now gives to a tensor of this name.
  static func current(of name: String) -> String {
    if name == "time_proj.W" { return "time_proj.weight" }
    var parts = name.split(separator: ".").map(String.init)
    guard parts.count > 2 else { return name }
    parts[0] = prefixes[parts[0]] ?? parts[0]
    if parts.contains("attentions") {
      parts[parts.count - 2] = attention[parts[parts.count - 2]] ?? parts[parts.count - 2]
    }
    return parts.joined(separator: ".")
  }

  /// Whether the shape is that of a 1x1 convolution, `[out, in, 1]` or `[out, in, 1, 1]`, where attention has a matrix.
  static func isLinearAsConvolution(_ name: String, _ stored: [Int], of shape: [Int]) -> Bool {
    name.contains(".attentions.") && shape.count == 2 && (3...4).contains(stored.count)
      && stored.prefix(2).elementsEqual(shape) && stored.dropFirst(2).allSatisfy { $0 == 1 }
  }
}
