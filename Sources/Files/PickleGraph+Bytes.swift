// Texts and bytes, which stay in the file.
extension PickleGraph {
  /// The bytes of the file that a text or bytes take.
  func range(_ slot: PickleSlot) -> Range<Int>? {
    switch slot {
    case .text(let place), .bytes(let place), .large(let place):
      guard let count = PickleOpcode(rawValue: file.bytes[place])?.lengthByteCount else { return nil }
      let length =
        switch count {
        case 1: Int(file.bytes[place + 1])
        case 4: Int(file.bytes.word(at: place + 1, as: UInt32.self))
        default: Int(file.bytes.word(at: place + 1, as: UInt64.self))
        }
      return place + 1 + count..<place + 1 + count + length
    default: return nil
    }
  }

  /// A text.
  func text(_ slot: PickleSlot) -> String? {
    guard case .text = slot, let range = range(slot) else { return nil }
    return String(decoding: file.bytes[range], as: UTF8.self)
  }

  /// Whether bytes of the file are UTF-8.
  func isUnicode(_ range: Range<Int>) -> Bool { String(validating: file.bytes[range], as: UTF8.self) != nil }

  /// The source and the place of bytes, or of what Python 2 writes as a text.
  func place(ofBytes slot: PickleSlot) -> (source: Int, range: Range<Int>)? {
    switch slot {
    case .text, .bytes: return range(slot).map { (0, $0) }
    case .node(let index):
      guard case .blob(let source) = nodes[index].kind else { return nil }
      return (source, 0..<sources[source].bytes.count)
    default: return nil
    }
  }

  /// The bytes that the characters of a text stand for, or nil if one of them is beyond 255.
  func latin1(_ slot: PickleSlot) throws(FileError) -> [UInt8]? {
    guard let range = range(slot) else { return nil }
    try charge(range.count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(range.count)
    var place = range.lowerBound
    while place < range.upperBound {
      let first = file.bytes[place]
      if first < 0x80 {
        bytes.append(first)
        place += 1
      } else {
        // The text has been found to be UTF-8, whose characters up to 255 take two bytes with these two beginnings.
        guard first == 0xC2 || first == 0xC3 else { return nil }
        bytes.append((first & 3) << 6 | file.bytes[place + 1] & 0x3F)
        place += 2
      }
    }
    return bytes
  }
}
