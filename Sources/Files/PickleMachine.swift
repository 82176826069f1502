/// Interprets a pickle as data: nothing that it names is looked up, and nothing is run.
///
/// Values on the stack are numbers, texts and nodes of a ``PickleGraph``. A global is a name; `REDUCE` is a table of functions on data
/// (`PickleMachine+Reduce`), and what is not in it makes an inert record. Each opcode takes time in proportion to its bytes, or to the
/// values that it takes from the stack.
struct PickleMachine {
  let graph: PickleGraph
  /// Makes a value of a persistent id, which only PyTorch's own forms have.
  let storages: (any PersistentStorages)?
  /// Whether bytes may hold a stream of PyTorch, as they may not within such a stream.
  let allowsStreams: Bool
  var position: Int
  private let end: Int
  private var stack: [PickleSlot] = []
  private var marks: [Int] = []
  private var memo: [Int: PickleSlot] = [:]
  private var (deepestStack, deepestMarks) = (0, 0)

  /// A machine at the beginning of a pickle.
  ///
  /// - Parameters:
  ///   - graph: Takes the values.
  ///   - range: The bytes of the graph's file in which the pickle must end.
  ///   - storages: Makes a value of a persistent id.
  ///   - allowsStreams: Whether bytes may hold a stream of PyTorch.
  init(
    _ graph: PickleGraph, in range: Range<Int>, storages: (any PersistentStorages)? = nil, allowsStreams: Bool = true
  ) {
    self.graph = graph
    self.storages = storages
    self.allowsStreams = allowsStreams
    position = range.lowerBound
    end = range.upperBound
  }

  /// Runs to the end of the pickle, and gives its value.
  mutating func run() throws(FileError) -> PickleSlot {
    guard end - position >= 2, graph.file.bytes[position] == PickleOpcode.proto.rawValue else {
      throw fault("it does not begin with a protocol")
    }
    let version = graph.file.bytes[position + 1]
    guard (2...5).contains(version) else { throw fault("it is of protocol \(version); 2 to 5 are read") }
    position += 2
    while true {
      let start = position
      guard let opcode = PickleOpcode(rawValue: try byte()) else {
        position = start
        throw fault("opcode \(Self.name(graph.file.bytes[start])) is not read")
      }
      if opcode == .stop { break }
      try step(opcode, at: start)
    }
    guard stack.count == 1, marks.isEmpty, let value = stack.popLast() else {
      throw fault("it ends with \(stack.count) values on its stack")
    }
    return value
  }

  func fault(_ text: String) -> FileError { FileError(graph.file.path, "pickle, byte \(position): \(text)") }

  private static func name(_ byte: UInt8) -> String {
    let code = "0x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    return (0x21...0x7E).contains(byte) ? "\(code) ('\(Unicode.Scalar(byte))')" : code
  }

  private mutating func step(_ opcode: PickleOpcode, at start: Int) throws(FileError) {
    switch opcode {
    case .proto: throw fault("a second protocol is named")
    case .stop: break
    case .frame: try frame()
    case .none: try push(.none)
    case .newTrue: try push(.boolean(true))
    case .newFalse: try push(.boolean(false))
    case .binInt, .binInt1, .binInt2, .binFloat, .long1: try number(opcode, at: start)
    case .binUnicode, .shortBinUnicode, .binUnicode8, .shortBinString: try text(opcode, at: start)
    case .binBytes, .shortBinBytes, .binBytes8, .byteArray8:
      _ = try payload(opcode)
      try push(.bytes(start))
    case .mark: try mark()
    case .emptyTuple, .tuple1, .tuple2, .tuple3, .tuple, .emptyList, .emptyDictionary, .emptySet, .frozenSet:
      try container(opcode)
    case .append, .appends, .setItem, .setItems, .addItems: try fill(opcode)
    case .binGet, .longBinGet, .binPut, .longBinPut, .memoize: try remember(opcode)
    case .global, .stackGlobal, .reduce, .newObject, .build, .persistentID: try object(opcode)
    }
  }

  /// Names, and what is made of them.
  private mutating func object(_ opcode: PickleOpcode) throws(FileError) {
    switch opcode {
    case .global:
      let module = try line()
      try push(graph.global(module, try line()))
    case .stackGlobal:
      let name = try pop(), module = try pop()
      guard let module = try shortText(module), let name = try shortText(name) else {
        throw fault("a global has no name")
      }
      try push(graph.global(module, name))
    case .reduce:
      let arguments = try pop()
      try push(reduce(pop(), arguments))
    case .newObject:
      let arguments = try pop()
      try push(instance(pop(), arguments))
    case .build:
      let state = try pop()
      try build(state)
    default:
      guard let storages else { throw fault("it refers to something outside of it") }
      let name = try pop()
      do throws(FileError) { try push(storages.storage(name, in: graph)) } catch { throw fault(error.fault) }
    }
  }
}

// The stack.
extension PickleMachine {
  /// The values above the last mark, which alone may be taken.
  private var floor: Int { marks.last ?? 0 }

  private mutating func push(_ slot: PickleSlot) throws(FileError) {
    stack.append(slot)
    if stack.count > deepestStack {
      deepestStack = stack.count
      try graph.charge(PickleGraph.slotCost)
    }
  }

  private mutating func pop() throws(FileError) -> PickleSlot {
    guard stack.count > floor, let slot = stack.popLast() else { throw fault("it takes a value from an empty stack") }
    return slot
  }

  /// The value on top, which stays there.
  func top() throws(FileError) -> PickleSlot {
    guard stack.count > floor, let slot = stack.last else { throw fault("it takes a value from an empty stack") }
    return slot
  }

  private mutating func mark() throws(FileError) {
    marks.append(stack.count)
    if marks.count > deepestMarks {
      deepestMarks = marks.count
      try graph.charge(PickleGraph.slotCost)
    }
  }

  /// Takes the values above the last mark.
  private mutating func popMark() throws(FileError) -> ArraySlice<PickleSlot> {
    guard let start = marks.popLast() else { throw fault("it goes back to a mark that is not there") }
    let items = Array(stack[start...])
    stack.removeSubrange(start...)
    return items[...]
  }

  private mutating func container(_ opcode: PickleOpcode) throws(FileError) {
    switch opcode {
    case .emptyList: try push(graph.add(.list))
    case .emptyDictionary: try push(graph.add(.dictionary))
    case .emptySet: try push(graph.add(.set))
    case .tuple: try push(graph.add(.tuple, Array(popMark())))
    case .frozenSet: try push(graph.add(.set, Array(popMark())))
    default:
      let count = opcode == .tuple1 ? 1 : opcode == .tuple2 ? 2 : opcode == .tuple3 ? 3 : 0
      guard stack.count - floor >= count else { throw fault("it takes a value from an empty stack") }
      let items = Array(stack.suffix(count))
      stack.removeLast(count)
      try push(graph.add(.tuple, items))
    }
  }

  /// Adds what lies above to the list, set, dictionary or record below.
  private mutating func fill(_ opcode: PickleOpcode) throws(FileError) {
    let items: ArraySlice<PickleSlot>
    switch opcode {
    case .append: items = [try pop()]
    case .setItem:
      let value = try pop()
      items = [try pop(), value]
    default: items = try popMark()
    }
    guard stack.count > floor, case .node(let node) = stack[stack.count - 1] else {
      throw fault("it fills what holds nothing")
    }
    switch (graph.nodes[node].kind, opcode) {
    case (.list, .append), (.list, .appends), (.set, .addItems): break
    case (.dictionary, .setItem), (.dictionary, .setItems), (.record, .setItem), (.record, .setItems):
      guard items.count % 2 == 0 else { throw fault("a key has no value") }
    case (.record(let record), .append), (.record(let record), .appends), (.record(let record), .addItems):
      try graph.charge(PickleGraph.slotCost * items.count)
      record.elements += items
      return
    default: throw fault("it fills what holds nothing of this kind")
    }
    try graph.append(items, to: node)
  }

  private mutating func remember(_ opcode: PickleOpcode) throws(FileError) {
    switch opcode {
    case .binGet, .longBinGet:
      let place = opcode == .binGet ? Int(try byte()) : Int(try word(UInt32.self))
      guard let slot = memo[place] else { throw fault("it remembers nothing by the number \(place)") }
      try push(slot)
    default:
      let place =
        switch opcode {
        case .binPut: Int(try byte())
        case .longBinPut: Int(try word(UInt32.self))
        default: memo.count
        }
      guard stack.count > floor, let slot = stack.last else { throw fault("there is nothing to remember") }
      if memo.updateValue(slot, forKey: place) == nil { try graph.charge(4 * PickleGraph.slotCost) }
    }
  }
}

// The bytes.
extension PickleMachine {
  private mutating func byte() throws(FileError) -> UInt8 {
    guard position < end else { throw fault("it is cut short") }
    position += 1
    return graph.file.bytes[position - 1]
  }

  private mutating func word<Word: FixedWidthInteger & BitwiseCopyable>(_ type: Word.Type) throws(FileError) -> Word {
    let size = MemoryLayout<Word>.size
    guard size <= end - position else { throw fault("it is cut short") }
    position += size
    return graph.file.bytes.word(at: position - size, as: type)
  }

  private mutating func frame() throws(FileError) {
    let length = try word(UInt64.self)
    guard length <= UInt64(end - position) else {
      throw fault("a frame of \(length) bytes is promised, \(end - position) are left")
    }
  }

  /// The bytes that an opcode brings, whose length stands before them.
  private mutating func payload(_ opcode: PickleOpcode) throws(FileError) -> Range<Int> {
    let length: UInt64 =
      switch opcode.lengthByteCount {
      case 1: UInt64(try byte())
      case 4: UInt64(try word(UInt32.self))
      default: try word(UInt64.self)
      }
    guard length <= UInt64(end - position) else {
      throw fault("\(length) bytes are promised, \(end - position) are left")
    }
    position += Int(length)
    return position - Int(length)..<position
  }

  private mutating func text(_ opcode: PickleOpcode, at start: Int) throws(FileError) {
    let range = try payload(opcode)
    if graph.isUnicode(range) {
      try push(.text(start))
    } else {
      // Python 2 writes bytes as texts.
      guard opcode == .shortBinString else { throw fault("a text is not UTF-8") }
      try push(.bytes(start))
    }
  }

  private mutating func number(_ opcode: PickleOpcode, at start: Int) throws(FileError) {
    switch opcode {
    case .binInt: try push(.integer(Int(Int32(bitPattern: word(UInt32.self)))))
    case .binInt1: try push(.integer(Int(byte())))
    case .binInt2: try push(.integer(Int(word(UInt16.self))))
    case .binFloat: try push(.double(Double(bitPattern: word(UInt64.self).byteSwapped)))
    default:
      let bytes = graph.file.bytes[try payload(opcode)]
      guard bytes.count <= 8 else { return try push(.large(start)) }
      let sign: UInt8 = (bytes.last ?? 0) < 0x80 ? 0 : 0xFF
      let padded = Array(bytes) + [UInt8](repeating: sign, count: 8 - bytes.count)
      try push(.integer(padded.reversed().reduce(0) { $0 << 8 | Int($1) }))
    }
  }

  /// One line of a global's name.
  private mutating func line() throws(FileError) -> String {
    let rest = graph.file.bytes[position..<min(end, position + Self.longestName + 1)]
    guard let length = rest.firstIndex(of: UInt8(ascii: "\n")).map({ $0 - position }),
      graph.isUnicode(position..<position + length)
    else { throw fault("a global has no name of at most \(Self.longestName) bytes") }
    position += length + 1
    return String(decoding: rest.prefix(length), as: UTF8.self)
  }

  private func shortText(_ slot: PickleSlot) throws(FileError) -> String? {
    guard let range = graph.range(slot), range.count <= Self.longestName else { return nil }
    return graph.text(slot)
  }

  /// No module of Python has a name of so many bytes.
  private static let longestName = 500
}

/// Makes a value of a persistent id.
protocol PersistentStorages: AnyObject {
  /// A storage.
  ///
  /// - Throws: ``FileError`` if the id is not that of a storage, or the storage is not as it says.
  func storage(_ name: PickleSlot, in graph: PickleGraph) throws(FileError) -> PickleSlot
}
