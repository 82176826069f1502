extension String {
  /// Whether the text names a file or folder right inside of another: not empty, not hidden, without a separator or a zero.
  ///
  /// Names that a file gives for its neighbours must be of this form, so that no download leads out of its own folder.
  public var isPlainFileName: Bool {
    !isEmpty && !hasPrefix(".") && !utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
  }
}
