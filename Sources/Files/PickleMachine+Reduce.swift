extension PickleMachine {
  /// What a function makes of its arguments, if both are known; else an inert record.
  mutating func reduce(_ function: PickleSlot, _ arguments: PickleSlot) throws(FileError) -> PickleSlot {
    guard let items = graph.tuple(arguments) else { throw fault("a function has no tuple of arguments") }
    guard let (_, node) = graph.node(function) else { throw fault("it calls what is no function") }
    // What an unknown function gave, or an object that can be called.
    if case .record(let record) = node.kind { return try inert(record.global, arguments) }
    guard case .global(let global) = node.kind else { throw fault("it calls what is no function") }
    let known: PickleSlot? =
      switch global.meaning {
      case .orderedDictionary: try dictionary(items)
      case .rebuildTensor: try tensor(items)
      case .rebuildParameter, .parameter: try parameter(items)
      case .loadStorage: try storage(items)
      case .size: items.count == 1 && graph.isSequence(items[0]) ? items[0] : nil
      case .set: try set(items)
      case .byteArray: items.count == 1 ? items[0] : try encoded(items)
      case .encode: try encoded(items)
      case .scalar: try scalar(items)
      case .persistent, .reconstructObject, .reconstructArray, .device, .elements, .plainClass:
        try record(global, arguments)
      case nil: nil
      }
    return if let known { known } else { try inert(global, arguments) }
  }

  /// What is left of a call that does not happen.
  private func inert(_ global: PickleGlobal, _ arguments: PickleSlot) throws(FileError) -> PickleSlot {
    global.inertCalls += 1
    return try record(global, arguments)
  }

  /// An instance of a class, whose constructor does not run.
  mutating func instance(_ type: PickleSlot, _ arguments: PickleSlot) throws(FileError) -> PickleSlot {
    guard let items = graph.tuple(arguments) else { throw fault("a class has no tuple of arguments") }
    guard let (_, node) = graph.node(type), case .global(let global) = node.kind else {
      throw fault("it makes an instance of what is no class")
    }
    switch global.meaning {
    case .orderedDictionary: return try graph.add(.dictionary)
    case .parameter:
      if let parameter = try parameter(items) { return parameter }
    default: break
    }
    return try record(global, arguments)
  }

  /// Gives an object its state; that of dictionaries and tensors is none of their values.
  mutating func build(_ state: PickleSlot) throws(FileError) {
    guard let (_, node) = graph.node(try top()) else { throw fault("it gives a state to what has none") }
    switch node.kind {
    case .record(let record): record.state = state
    case .dictionary, .tensor: break
    default: throw fault("it gives a state to what has none")
    }
  }

  private func record(_ global: PickleGlobal, _ arguments: PickleSlot) throws(FileError) -> PickleSlot {
    try graph.charge(128)
    global.instances += 1
    return try graph.add(.record(PickleRecord(global, arguments: arguments)))
  }

  /// Python 2 gives the pairs of an ordered dictionary with the call.
  private func dictionary(_ items: [PickleSlot]) throws(FileError) -> PickleSlot? {
    guard let pairs = items.first else { return try graph.add(.dictionary) }
    guard items.count == 1, let (_, list) = graph.node(pairs), case .list = list.kind else { return nil }
    var entries: [PickleSlot] = []
    for pair in list.items {
      guard let (_, pair) = graph.node(pair), pair.items.count == 2 else { return nil }
      switch pair.kind {
      case .list, .tuple: entries += pair.items
      default: return nil
      }
      try graph.charge(2 * PickleGraph.slotCost)
    }
    return try graph.add(.dictionary, entries)
  }

  private func set(_ items: [PickleSlot]) throws(FileError) -> PickleSlot? {
    guard items.count == 1, let (_, list) = graph.node(items[0]) else { return nil }
    switch list.kind {
    case .list, .tuple, .set: return try graph.add(.set, list.items)
    default: return nil
    }
  }

  /// `(storage, offset, size, stride[, requires_grad, hooks[, metadata]])`.
  private func tensor(_ items: [PickleSlot]) throws(FileError) -> PickleSlot? {
    guard [4, 6, 7].contains(items.count), let (_, node) = graph.node(items[0]), case .storage(let storage) = node.kind,
      case .integer(let offset) = items[1], let shape = graph.integers(items[2]), let strides = graph.integers(items[3])
    else { return nil }
    let limit = graph.file.bytes.count
    if let fault = TorchTensor.fault(in: storage, offset: offset, shape: shape, strides: strides, largest: limit) {
      throw self.fault("a tensor \(fault)")
    }
    var requiresGradient = false
    if items.count > 4, case .boolean(let flag) = items[4] { requiresGradient = flag }
    try graph.charge(400)
    return try graph.add(
      .tensor(
        TorchTensor(
          storage, offset: offset, shape: shape, strides: strides, requiresGradient: requiresGradient,
          isParameter: false)))
  }

  /// `(tensor[, requires_grad[, hooks]])`.
  private func parameter(_ items: [PickleSlot]) throws(FileError) -> PickleSlot? {
    guard let first = items.first, let (_, node) = graph.node(first), case .tensor(let tensor) = node.kind else {
      return nil
    }
    var requiresGradient = true
    if items.count > 1, case .boolean(let flag) = items[1] { requiresGradient = flag }
    try graph.charge(400)
    return try graph.add(
      .tensor(
        TorchTensor(
          tensor.storage, offset: tensor.offset, shape: tensor.shape, strides: tensor.strides,
          requiresGradient: requiresGradient, isParameter: true)))
  }
}

// Bytes, and what they stand for.
extension PickleMachine {
  /// Text whose characters are bytes, as protocol 2 has them: `(text, 'latin1')`.
  private func encoded(_ items: [PickleSlot]) throws(FileError) -> PickleSlot? {
    guard items.count == 2, case .text(let place) = items[0],
      ["latin1", "latin-1", "iso-8859-1"].contains(where: { graph.isText(items[1], $0) })
    else { return nil }
    // The same text again is the same bytes, and takes no more memory.
    if let known = graph.decoded[place] { return known }
    guard let bytes = try graph.latin1(items[0]) else { return nil }
    let slot = try graph.addSource(MappedFile(name: graph.file.path, owned: bytes))
    graph.decoded[place] = slot
    return slot
  }

  /// A storage in bytes that are a whole stream of PyTorch.
  private func storage(_ items: [PickleSlot]) throws(FileError) -> PickleSlot? {
    guard allowsStreams else { throw fault("a stream of PyTorch stands within another") }
    guard items.count == 1, let (source, range) = graph.place(ofBytes: items[0]) else { return nil }
    if let known = graph.streams[source]?[range.lowerBound] { return known }
    let inner = graph.nested(in: source)
    let value = try LegacyStream.read(in: range, of: inner, source: source, allowsStreams: false)
    guard let (_, node) = inner.node(value), case .storage = node.kind else {
      throw fault("bytes that should be a storage hold something else")
    }
    let slot = try graph.add(node.kind)
    graph.streams[source, default: [:]][range.lowerBound] = slot
    return slot
  }

  /// A number of NumPy: `(dtype, bytes)`.
  private func scalar(_ items: [PickleSlot]) throws(FileError) -> PickleSlot? {
    guard items.count == 2, let (_, node) = graph.node(items[0]), case .record(let type) = node.kind,
      let code = graph.tuple(type.arguments)?.first, let element = NumpyScalar(code, in: graph),
      let (source, range) = graph.place(ofBytes: items[1]), range.count == element.byteCount
    else { return nil }
    let isBig = type.state.flatMap(graph.tuple).map { $0.count > 1 && graph.isText($0[1], ">") } ?? false
    let bytes = graph.sources[source].bytes[range]
    return element.value(of: isBig ? bytes.reversed() : Array(bytes))
  }
}

/// A type of NumPy's numbers.
private enum NumpyScalar: String, CaseIterable {
  case float64 = "f8"
  case float32 = "f4"
  case float16 = "f2"
  case int64 = "i8"
  case int32 = "i4"
  case int16 = "i2"
  case int8 = "i1"
  case uint8 = "u1"
  case bool = "b1"

  /// The type of a code such as `f8`.
  init?(_ code: PickleSlot, in graph: PickleGraph) {
    guard let type = Self.allCases.first(where: { graph.isText(code, $0.rawValue) }) else { return nil }
    self = type
  }

  var byteCount: Int {
    switch self {
    case .float64, .int64: 8
    case .float32, .int32: 4
    case .float16, .int16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// The number of bytes whose lowest comes first.
  func value(of bytes: [UInt8]) -> PickleSlot {
    let bits = bytes.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    return switch self {
    case .float64: .double(Double(bitPattern: bits))
    case .float32: .double(Double(Float(bitPattern: UInt32(bits))))
    case .float16: .double(Double(Float(half: UInt16(bits))))
    case .int64: .integer(Int(Int64(bitPattern: bits)))
    case .int32: .integer(Int(Int32(truncatingIfNeeded: bits)))
    case .int16: .integer(Int(Int16(truncatingIfNeeded: bits)))
    case .int8: .integer(Int(Int8(truncatingIfNeeded: bits)))
    case .uint8: .integer(Int(bits))
    case .bool: .boolean(bits != 0)
    }
  }
}
