/// What is in a file of tensors: its form, the tensors, and of a pickle all names in it, as somebody asks who does not trust the file.
///
/// Nothing is converted and nothing run; a damaged or hostile file is listed as far as it can be read, with the ``fault`` that ends it.
public struct TensorListing {
  /// One tensor.
  public struct Tensor: Sendable, Hashable {
    /// Where it is found: keys and attributes, joined by dots.
    public let name: String
    /// The element type.
    public let type: SafetensorsType
    /// The extents, outermost first.
    public let shape: [Int]
    /// Whether its elements are in another order than row by row.
    public let isStrided: Bool

    init(_ name: String, _ entry: TensorEntry) {
      self.name = name
      type = entry.type
      shape = entry.shape
      isStrided = entry.strides != nil
    }
  }

  /// A class or function that a pickle names.
  public struct Global: Sendable, Hashable {
    /// The module and the name.
    public let name: String
    /// Whether it is understood.
    public let isKnown: Bool
    /// How often Python would call it, where it is not understood.
    public let inertCalls: Int
    /// How many objects of it there are, which are kept without meaning.
    public let instances: Int
  }

  /// What the file is.
  public let kind: String
  /// Bytes of the file.
  public let byteCount: Int
  /// The tensors in the order of the file, or by name where it has none.
  public let tensors: [Tensor]
  /// The names of a pickle, in its order.
  public let globals: [Global]
  /// What stopped the reading, or nil if all was read.
  public let fault: FileError?

  /// Lists a file of safetensors, NumPy or PyTorch.
  ///
  /// - Throws: ``FileError`` if it cannot be opened, or is none of these.
  public init(_ path: String) throws(FileError) {
    try self.init(MappedFile(path))
  }

  /// Lists a file that is already mapped.
  public init(_ file: MappedFile) throws(FileError) {
    defer { withExtendedLifetime(file) {} }
    switch FileKind(file.bytes) {
    case .npz: self.init(arrays: file)
    case _ where TorchFile.Container(file.bytes) != nil: self.init(pickled: file)
    // A pickle of protocol 0 begins like any text.
    case nil where [".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin"].contains(where: file.path.hasSuffix):
      self.init(pickled: file)
    default: try self.init(safetensors: file)
    }
  }

  private init(
    kind: String, _ file: MappedFile, tensors: [Tensor], globals: [PickleGlobal] = [], fault: FileError? = nil
  ) {
    self.kind = kind
    self.byteCount = file.bytes.count
    self.tensors = tensors
    self.globals = globals.map {
      Global(name: $0.description, isKnown: $0.meaning != nil, inertCalls: $0.inertCalls, instances: $0.instances)
    }
    self.fault = fault
  }

  private init(safetensors file: MappedFile) throws(FileError) {
    let entries = try SafetensorsFile(file).entries
    self.init(
      kind: "safetensors", file,
      tensors: entries.sorted { ($0.value.range.lowerBound, $0.key) < ($1.value.range.lowerBound, $1.key) }
        .map { Tensor($0.key, $0.value) })
  }

  private init(arrays file: MappedFile) {
    var tensors: [Tensor] = []
    var fault: FileError?
    do throws(FileError) {
      let archive = try ZipArchive(file, as: ".npz archive")
      for entry in archive.entries where entry.name.hasSuffix(".npy") {
        let head = try archive.prefix(of: entry, NumpyArray.longestHead), path = "\(file.path), \(entry.name)"
        let (type, shape) = try head.withUnsafeBytes { head in
          Result { () throws(FileError) in try NumpyArray.form(parsing: head, count: entry.count, path: path) }
        }.get()
        tensors.append(
          Tensor(String(entry.name.dropLast(4)), TensorEntry(type: type, shape: shape, range: entry.range)))
      }
    } catch {
      fault = error
    }
    self.init(kind: "an .npz archive of NumPy arrays", file, tensors: tensors, fault: fault)
  }

  private init(pickled file: MappedFile) {
    let graph = PickleGraph(file)
    var kind = "no file of tensors"
    var (walk, fault): (TensorWalk, FileError?) = (TensorWalk(graph), nil)
    do throws(FileError) {
      let container = try TorchFile.container(of: file)
      kind = container.name
      try walk.add(TorchFile.interpreted(container, graph))
    } catch {
      fault = error
    }
    self.init(kind: kind, file, tensors: walk.tensors, globals: graph.globals, fault: fault)
  }
}

/// A walk through all values of a pickle, each of which is met once.
private struct TensorWalk {
  private let graph: PickleGraph
  private var isMet: [Bool] = []
  private(set) var tensors: [TensorListing.Tensor] = []

  init(_ graph: PickleGraph) {
    self.graph = graph
  }

  /// Adds the tensors of a value, in the order of the file.
  mutating func add(_ root: PickleSlot) throws(FileError) {
    isMet = .init(repeating: false, count: graph.nodes.count)
    var waiting: [(slot: PickleSlot, name: String, depth: Int)] = [(root, "", 0)]
    while let (slot, name, depth) = waiting.popLast() {
      guard case .node(let index) = slot, !isMet[index] else { continue }
      isMet[index] = true
      if case .tensor(let tensor) = graph.nodes[index].kind, let entry = tensor.entry {
        try graph.charge(128 + 2 * name.utf8.count)
        tensors.append(.init(name, entry))
        continue
      }
      guard depth < Self.deepest else {
        throw FileError(graph.file.path, "its values are nested more than \(Self.deepest) deep")
      }
      for (part, child) in parts(of: index).reversed() {
        let whole = part.isEmpty || name.isEmpty ? name + part : "\(name).\(part)"
        try graph.charge(64 + (whole.utf8.count > 15 ? whole.utf8.count : 0))
        waiting.append((child, whole, depth + 1))
      }
    }
  }

  /// Deeper than any network.
  private static let deepest = 256

  /// What a node holds, each with its name in it; the tables of modules, parameters and buffers have none.
  private func parts(of index: Int) -> [(String, PickleSlot)] {
    let node = graph.nodes[index]
    switch node.kind {
    case .list, .tuple, .set: return nodes(node.items)
    case .dictionary: return entries(of: index)
    case .record(let record):
      // What such an object is stands two dictionaries deep in its arguments, which are looked at last.
      if let attributes = PickleValue(graph: graph, slot: .node(index)).attributes,
        case .persistent = record.global.meaning
      {
        return [("", attributes.slot), ("", record.arguments)]
      }
      let own = entries(of: index) + nodes(record.elements)
      return own + [("", record.arguments)] + (record.state.map { [("", $0)] } ?? [])
    case .global, .storage, .tensor, .blob: return []
    }
  }

  /// Only values with parts, so that a long list of numbers takes no names.
  private func nodes(_ items: [PickleSlot]) -> [(String, PickleSlot)] {
    items.indices.compactMap { if case .node = items[$0] { (String($0), items[$0]) } else { nil } }
  }

  /// The values of the keys; of those that stand there twice the last, as in Python.
  private func entries(of index: Int) -> [(String, PickleSlot)] {
    let items = graph.nodes[index].items
    var places = graph.members(of: index).map { (Self.short($0), $1) }
    for place in stride(from: 0, to: items.count - 1, by: 2) {
      switch items[place] {
      case .text: break
      case .integer(let integer): places.append((String(integer), place + 1))
      default: places.append(("?", place + 1))
      }
    }
    return places.compactMap { if case .node = items[$1] { ($0, items[$1]) } else { nil } }
  }

  /// A key as it stands in a name.
  private static func short(_ key: String) -> String {
    if ["_modules", "_parameters", "_buffers"].contains(key) { return "" }
    return key.utf8.count > 200 ? String(decoding: key.utf8.prefix(100), as: UTF8.self) + "..." : key
  }
}
