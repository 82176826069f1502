extension BinaryInteger {
  /// The number with zeros before it, so that names sort as numbers do: `7.padded(to: 4)` is `0007`.
  public func padded(to width: Int) -> String {
    let digits = String(self)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
