/// The tiles of convolution_tensor_cores.cl.
enum FragmentTile {
  /// `TILE`: pixels and output channels of a group.
  static let extent = 128
  /// `STEP`: input channels that a group takes at a time.
  static let depth = 32
  /// `ITEMS`: work-items of a group.
  static let items = 256
}

/// The tiles of attention_tensor_cores.cl.
enum AttentionTile {
  /// `QUERIES_OF_GROUP`: queries of a group.
  static let queries = 64
  /// `VALUES_OF_GROUP`: dimensions of a head that a group computes.
  static let values = 128
  /// `ATTENTION_ITEMS`: work-items of a group.
  static let items = 128
}
