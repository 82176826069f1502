/// A value of a pickle: small ones themselves, texts and bytes by the place of their opcode, the others by their node.
///
/// Sixteen bytes without a reference, so that no graph of a file, cyclic or deep, can be walked by the language's own release of it.
enum PickleSlot {
  case none
  case boolean(Bool)
  case integer(Int)
  case double(Double)
  case text(Int)
  case bytes(Int)
  /// A whole number of more than 64 bits.
  case large(Int)
  case node(Int)
}

/// A value of a pickle that has parts, or that is more than a number or a text.
struct PickleNode {
  enum Kind {
    case tuple
    case list
    case set
    /// Keys and values take turns.
    case dictionary
    case global(PickleGlobal)
    /// An instance of a class that means nothing here; what it holds as a dictionary does stands in the items.
    case record(PickleRecord)
    case storage(TorchStorage)
    case tensor(TorchTensor)
    /// Bytes that are not in the file as they are: a source of the graph.
    case blob(Int)
  }

  let kind: Kind
  var items: [PickleSlot]
}

/// An instance of a class that is not known: a name and what was said of it, all of it inert.
final class PickleRecord {
  let global: PickleGlobal
  /// What the class, or the function that would have made it, was given.
  let arguments: PickleSlot
  /// What `BUILD` gave it, which for most is its dictionary.
  var state: PickleSlot?
  /// What it holds as a list does.
  var elements: [PickleSlot] = []

  init(_ global: PickleGlobal, arguments: PickleSlot) {
    self.global = global
    self.arguments = arguments
  }
}

/// All values of one pickle, or of the pickles of one file.
///
/// Memory is bounded: whatever is kept is charged before, and the sum may not pass three times the file, or 32 MiB.
final class PickleGraph {
  /// The bytes that the pickles stand in.
  let file: MappedFile
  /// Those, and others that had to be decoded before they could be read.
  private(set) var sources: [MappedFile]
  private(set) var nodes: [PickleNode] = []
  /// The globals by their full names, in the order in which they come.
  private(set) var globals: [PickleGlobal] = []
  private var globalNodes: [String: Int] = [:]
  private var indexes: [Int: [String: Int]] = [:]
  /// Bytes that were decoded from a text, by its place.
  var decoded: [Int: PickleSlot] = [:]
  /// Storages that were read out of bytes, by their source and place.
  var streams: [Int: [Int: PickleSlot]] = [:]
  private let budget: PickleBudget

  /// A graph without values.
  init(_ file: MappedFile, budget: PickleBudget? = nil) {
    self.file = file
    self.sources = [file]
    self.budget = budget ?? PickleBudget(fileSize: file.bytes.count)
  }

  /// A graph of the bytes of one of the sources of another, on the same account.
  func nested(in source: Int) -> PickleGraph { PickleGraph(sources[source], budget: budget) }

  /// Takes memory from what is left.
  func charge(_ byteCount: Int) throws(FileError) { try budget.charge(byteCount, path: file.path) }

  /// Adds a node with items.
  func add(_ kind: PickleNode.Kind, _ items: [PickleSlot] = []) throws(FileError) -> PickleSlot {
    try charge(160 + Self.cost(of: items.count, in: kind))
    nodes.append(PickleNode(kind: kind, items: items))
    return .node(nodes.count - 1)
  }

  /// Adds items to a node.
  func append(_ items: ArraySlice<PickleSlot>, to node: Int) throws(FileError) {
    try charge(Self.cost(of: items.count, in: nodes[node].kind))
    nodes[node].items += items
    indexes[node] = nil
  }

  /// The node of a global, one for each name.
  func global(_ module: String, _ name: String) throws(FileError) -> PickleSlot {
    let global = PickleGlobal(module, name)
    if let node = globalNodes[global.description] { return .node(node) }
    try charge(256 + 4 * global.description.utf8.count)
    let slot = try add(.global(global))
    globals.append(global)
    globalNodes[global.description] = nodes.count - 1
    return slot
  }

  /// Adds bytes that had to be decoded.
  func addSource(_ file: MappedFile) throws(FileError) -> PickleSlot {
    sources.append(file)
    return try add(.blob(sources.count - 1))
  }

  /// What a slot takes in an array that grows to twice its size at a time.
  static let slotCost = 32

  /// What items take; keys and values are also looked up, in tables of their own.
  private static func cost(of count: Int, in kind: PickleNode.Kind) -> Int {
    switch kind {
    case .dictionary, .record: 4 * slotCost * count
    default: slotCost * count
    }
  }

  /// The place of a key's last value among the items of a dictionary or record, or nil if it has none.
  func place(of key: String, in node: Int) -> Int? {
    let items = nodes[node].items
    guard items.count > 64 else {
      return stride(from: items.count - 2, through: 0, by: -2).first { isText(items[$0], key) }.map { $0 + 1 }
    }
    // Else a file could have a large dictionary looked through again and again.
    if indexes[node] == nil { indexes[node] = Dictionary(members(of: node)) { $1 } }
    return indexes[node]?[key]
  }

  /// The texts among the keys of a dictionary or record, in the order in which they come first, with the places of their last values.
  func members(of node: Int) -> [(String, Int)] {
    let items = nodes[node].items
    // A text may be the key many times over by its place in the memo, but it is decoded once.
    var last: [Int: Int] = [:]
    var order: [Int] = []
    for place in stride(from: 0, to: items.count, by: 2) {
      guard case .text(let text) = items[place] else { continue }
      if last.updateValue(place + 1, forKey: text) == nil { order.append(text) }
    }
    var places: [String: Int] = [:]
    var names: [String] = []
    for text in order {
      guard let name = self.text(.text(text)), let place = last[text] else { continue }
      if let other = places[name] {
        places[name] = max(other, place)
      } else {
        places[name] = place
        names.append(name)
      }
    }
    return names.map { ($0, places[$0] ?? 0) }
  }

  /// Whether a slot is a text of certain characters.
  func isText(_ slot: PickleSlot, _ text: String) -> Bool {
    guard case .text = slot, let range = range(slot), range.count == text.utf8.count else { return false }
    return file.bytes[range].elementsEqual(text.utf8)
  }

  /// A node and its number.
  func node(_ slot: PickleSlot) -> (Int, PickleNode)? {
    if case .node(let index) = slot { (index, nodes[index]) } else { nil }
  }

  /// The items of a tuple.
  func tuple(_ slot: PickleSlot) -> [PickleSlot]? {
    guard case .node(let index) = slot, case .tuple = nodes[index].kind else { return nil }
    return nodes[index].items
  }

  /// Whether a slot is a tuple or a list.
  func isSequence(_ slot: PickleSlot) -> Bool {
    guard case .node(let index) = slot else { return false }
    switch nodes[index].kind {
    case .tuple, .list: return true
    default: return false
    }
  }

  /// The whole numbers of a tuple or list of at most 64, as extents are.
  func integers(_ slot: PickleSlot) -> [Int]? {
    guard isSequence(slot), case .node(let index) = slot, nodes[index].items.count <= 64 else { return nil }
    var integers: [Int] = []
    for item in nodes[index].items {
      guard case .integer(let integer) = item else { return nil }
      integers.append(integer)
    }
    return integers
  }
}
