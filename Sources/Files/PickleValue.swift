/// A value of a pickle, looked at as data; nil where it is of another kind than is asked for.
///
/// Values may contain themselves: who walks through them keeps the ``identity`` of those that were met.
public struct PickleValue {
  let graph: PickleGraph
  let slot: PickleSlot

  private func value(_ slot: PickleSlot) -> PickleValue { PickleValue(graph: graph, slot: slot) }
  private var node: (index: Int, node: PickleNode)? { graph.node(slot) }

  /// Whether it is Python's `None`.
  public var isNone: Bool { if case .none = slot { true } else { false } }

  /// A truth value.
  public var boolean: Bool? { if case .boolean(let flag) = slot { flag } else { nil } }

  /// A whole number of 64 bits.
  public var integer: Int? { if case .integer(let integer) = slot { integer } else { nil } }

  /// A number.
  public var number: Double? {
    switch slot {
    case .double(let number): number
    case .integer(let integer): Double(integer)
    default: nil
    }
  }

  /// A text.
  public var text: String? { graph.text(slot) }

  /// The values of a list, tuple or set.
  public var elements: [PickleValue]? {
    guard let (_, node) = node else { return nil }
    return switch node.kind {
    case .list, .tuple, .set: node.items.map(value)
    case .record(let record): record.elements.isEmpty ? nil : record.elements.map(value)
    default: nil
    }
  }

  /// The values of a dictionary whose keys are texts, in its order; the last of those with one key counts, as in Python.
  ///
  /// An instance of a class that is a dictionary has them too.
  public var members: [(name: String, value: PickleValue)]? {
    guard let (index, node) = node else { return nil }
    switch node.kind {
    case .dictionary: break
    case .record where !node.items.isEmpty: break
    default: return nil
    }
    return graph.members(of: index).map { ($0, value(node.items[$1])) }
  }

  /// The value of a key of a dictionary, or of an attribute of an instance.
  public subscript(name: String) -> PickleValue? {
    guard let (index, node) = node else { return nil }
    switch node.kind {
    case .dictionary: return graph.place(of: name, in: index).map { value(node.items[$0]) }
    case .record:
      if let place = graph.place(of: name, in: index) { return value(node.items[place]) }
      return attributes?[name]
    default: return nil
    }
  }

  /// The dictionary of an instance's attributes.
  public var attributes: PickleValue? {
    guard case .record(let record) = node?.node.kind else { return nil }
    if case .persistent = record.global.meaning, let meta = graph.tuple(record.arguments)?.first {
      return value(meta)["state"]
    }
    return record.state.map(value)
  }

  /// The class of an instance, by its module and name; for an object of `torch_utils.persistence`, by the name alone.
  public var className: String? {
    guard case .record(let record) = node?.node.kind else { return nil }
    if case .persistent = record.global.meaning, let meta = graph.tuple(record.arguments)?.first {
      return value(meta)["class_name"]?.text
    }
    return record.global.description
  }

  /// A tensor.
  public var tensor: TensorEntry? {
    if case .tensor(let tensor) = node?.node.kind { tensor.entry } else { nil }
  }

  /// Whether it is a tensor that was kept as a parameter.
  public var isParameter: Bool {
    if case .tensor(let tensor) = node?.node.kind { tensor.isParameter } else { false }
  }

  /// How many values it has as a list, or keys and values as a dictionary; zero for what has no parts.
  public var itemCount: Int { node?.node.items.count ?? 0 }

  /// What tells the value from others, or nil if it has no parts.
  public var identity: Int? { node?.index }

  /// Whether it is an instance of a class, or a function or class itself, none of which mean anything here.
  ///
  /// A device and a type of elements are plain data.
  public var isInert: Bool {
    let global: PickleGlobal
    switch node?.node.kind {
    case .record(let record): global = record.global
    case .global(let own): global = own
    default: return false
    }
    switch global.meaning {
    case .device, .elements: return false
    default: return true
    }
  }

  /// What it is, for messages.
  public var kind: String {
    switch slot {
    case .none: "None"
    case .boolean: "a truth value"
    case .integer, .double, .large: "a number"
    case .text: "a text"
    case .bytes: "bytes"
    case .node(let index):
      switch graph.nodes[index].kind {
      case .tuple: "a tuple"
      case .list: "a list"
      case .set: "a set"
      case .dictionary: "a dictionary"
      case .global(let global): "the name \(global)"
      case .record(let record): "an object of \(className ?? record.global.description)"
      case .storage: "a storage"
      case .tensor: "a tensor"
      case .blob: "bytes"
      }
    }
  }
}
