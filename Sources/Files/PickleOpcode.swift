/// The opcodes of Python's pickle, protocols 2 to 5, that are read.
///
/// All others fail, the text opcodes of protocol 0 among them: to skip one would be to read another object than Python does.
enum PickleOpcode: UInt8 {
  case proto = 0x80
  case frame = 0x95
  case stop = 0x2E
  case none = 0x4E
  case newTrue = 0x88
  case newFalse = 0x89
  /// Four bytes with sign, one without, two without.
  case binInt = 0x4A
  case binInt1 = 0x4B
  case binInt2 = 0x4D
  /// A length of one byte, and as many of a number with sign.
  case long1 = 0x8A
  /// Eight bytes, big-endian.
  case binFloat = 0x47
  case shortBinString = 0x55
  case shortBinUnicode = 0x8C
  case binUnicode = 0x58
  case binUnicode8 = 0x8D
  case shortBinBytes = 0x43
  case binBytes = 0x42
  case binBytes8 = 0x8E
  case byteArray8 = 0x96
  case mark = 0x28
  case emptyTuple = 0x29
  case tuple1 = 0x85
  case tuple2 = 0x86
  case tuple3 = 0x87
  case tuple = 0x74
  case emptyList = 0x5D
  case append = 0x61
  case appends = 0x65
  case emptyDictionary = 0x7D
  case setItem = 0x73
  case setItems = 0x75
  case emptySet = 0x8F
  case addItems = 0x90
  case frozenSet = 0x91
  case binGet = 0x68
  case longBinGet = 0x6A
  case binPut = 0x71
  case longBinPut = 0x72
  case memoize = 0x94
  case global = 0x63
  case stackGlobal = 0x93
  case reduce = 0x52
  case newObject = 0x81
  case build = 0x62
  case persistentID = 0x51

  /// Bytes of the length that stands before what the opcode brings, or nil if it brings nothing of a varying length.
  var lengthByteCount: Int? {
    switch self {
    case .shortBinString, .shortBinUnicode, .shortBinBytes, .long1: 1
    case .binUnicode, .binBytes: 4
    case .binUnicode8, .binBytes8, .byteArray8: 8
    default: nil
    }
  }
}
