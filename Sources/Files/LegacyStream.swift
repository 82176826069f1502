/// What PyTorch wrote before 1.6, and writes of a storage within a pickle: five pickles in a row, then the storages' numbers.
///
/// The pickles are a magic number, the version of the form, what machine wrote it, the object, and the keys of the storages; then, for
/// each key, eight bytes of a count and as many elements, little-endian (torch/serialization.py, `_legacy_save`).
final class LegacyStream: PersistentStorages {
  private let graph: PickleGraph
  private let source: Int
  private var storages: [String: TorchStorage] = [:]
  private var views: [(view: TorchStorage, base: TorchStorage, offset: Int)] = []

  private init(_ graph: PickleGraph, source: Int) {
    self.graph = graph
    self.source = source
  }

  /// The magic number, lowest byte first, behind the opcodes that write it.
  static let beginning: [UInt8] = [0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

  /// Reads a stream that takes a whole range.
  ///
  /// - Parameters:
  ///   - range: The bytes of the graph's file.
  ///   - graph: Takes the values.
  ///   - source: What the storages call the graph's file.
  ///   - allowsStreams: Whether bytes in it may be such streams in turn.
  /// - Returns: The object.
  static func read(
    in range: Range<Int>, of graph: PickleGraph, source: Int = 0, allowsStreams: Bool = true
  ) throws(FileError) -> PickleSlot {
    let bytes = graph.file.bytes[range], path = graph.file.path
    guard bytes.starts(with: beginning) else {
      throw FileError(path, "is no stream of PyTorch: its magic number differs")
    }
    let stream = LegacyStream(graph, source: source)
    var position = range.lowerBound
    func next() throws(FileError) -> PickleSlot {
      var machine = PickleMachine(
        graph, in: position..<range.upperBound, storages: stream, allowsStreams: allowsStreams)
      let value = try machine.run()
      position = machine.position
      return value
    }
    _ = try next()
    guard case .integer(1001) = try next() else { throw FileError(path, "is a stream of PyTorch of no known version") }
    _ = try next()
    let object = try next()
    guard let (_, keys) = graph.node(try next()), case .list = keys.kind else {
      throw FileError(path, "is a stream of PyTorch without the list of its storages")
    }
    try stream.place(keys.items, in: position..<range.upperBound)
    return object
  }

  func storage(_ name: PickleSlot, in graph: PickleGraph) throws(FileError) -> PickleSlot {
    let name = try StorageName(name, in: graph)
    let base = if let known = storages[name.key] { known } else { try add(name) }
    guard base.type == name.type, base.count == name.count else {
      throw FileError(graph.file.path, "storage '\(name.key)' is of two forms")
    }
    guard let view = name.view else { return try graph.add(.storage(base)) }
    guard view.offset <= base.count, view.count <= base.count - view.offset else {
      throw FileError(graph.file.path, "a view ends after storage '\(name.key)'")
    }
    let storage = TorchStorage(base.type, count: view.count, source: source)
    try graph.charge(200)
    views.append((storage, base, view.offset))
    return try graph.add(.storage(storage))
  }

  private func add(_ name: StorageName) throws(FileError) -> TorchStorage {
    let storage = TorchStorage(name.type, count: name.count, source: source)
    try graph.charge(256 + name.key.utf8.count)
    storages[name.key] = storage
    return storage
  }

  /// Finds the bytes of all storages, which stand behind each other in the order of their keys.
  private func place(_ keys: [PickleSlot], in range: Range<Int>) throws(FileError) {
    var position = range.lowerBound
    let path = graph.file.path
    for slot in keys {
      guard let key = graph.text(slot), let storage = storages[key], storage.range == nil else {
        throw FileError(path, "its list of storages names one twice, or one that is not there")
      }
      guard range.upperBound - position >= 8,
        graph.file.bytes.word(at: position, as: UInt64.self) == UInt64(storage.count),
        storage.byteCount <= range.upperBound - position - 8
      else { throw FileError(path, "storage '\(key)' of \(storage.count) elements is cut short, or of another size") }
      storage.range = position + 8..<position + 8 + storage.byteCount
      position += 8 + storage.byteCount
    }
    if let (key, _) = storages.filter({ $0.value.range == nil }).min(by: { $0.key < $1.key }) {
      throw FileError(path, "storage '\(key)' is not there")
    }
    guard position == range.upperBound else {
      throw FileError(path, "\(range.upperBound - position) bytes follow the last storage")
    }
    for (view, base, offset) in views {
      let start = (base.range?.lowerBound ?? 0) + offset * base.type.byteCount
      view.range = start..<start + view.byteCount
    }
  }
}

/// The persistent id of a storage: `("storage", type, key, location, count[, (key, offset, count) of a view])`.
struct StorageName {
  let type: SafetensorsType
  let key: String
  let count: Int
  let view: (offset: Int, count: Int)?

  init(_ slot: PickleSlot, in graph: PickleGraph) throws(FileError) {
    let path = graph.file.path
    guard let items = graph.tuple(slot), items.count == 5 || items.count == 6, graph.isText(items[0], "storage"),
      let (_, node) = graph.node(items[1]), case .global(let global) = node.kind,
      let range = graph.range(items[2]), range.count <= 64, let key = graph.text(items[2]),
      case .integer(let count) = items[4]
    else { throw FileError(path, "what it refers to is no storage") }
    guard case .elements(let type?) = global.meaning else {
      throw FileError(path, "storage '\(key)' is a \(global), which is not read")
    }
    guard count >= 0, !count.multipliedReportingOverflow(by: type.byteCount).overflow else {
      throw FileError(path, "storage '\(key)' has \(count) elements")
    }
    self.type = type
    self.key = key
    self.count = count
    guard items.count == 6, let view = graph.tuple(items[5]) else {
      self.view = nil
      return
    }
    guard view.count == 3, case .integer(let offset) = view[1], case .integer(let length) = view[2], offset >= 0,
      length >= 0
    else { throw FileError(path, "storage '\(key)' has a view that is none") }
    self.view = (offset, length)
  }
}
