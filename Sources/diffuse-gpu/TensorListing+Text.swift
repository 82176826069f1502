import DiffuseGPU

extension TensorListing {
  /// The listing as it is printed.
  func text(of path: String) -> String {
    var lines = ["file         \(path): \(kind), \(byteCount) bytes", "tensors      \(tensors.count)"]
    let types = tensors.map(\.type.rawValue), width = types.map(\.count).max() ?? 0
    for (tensor, type) in zip(tensors, types) {
      let padding = String(repeating: " ", count: width - type.count)
      let order = tensor.isStrided ? ", in another order" : ""
      lines.append(
        "  \(type)\(padding)  \(tensor.name.isEmpty ? "(the file itself)" : tensor.name)  \(tensor.shape)\(order)")
    }
    let known = globals.filter(\.isKnown).map(\.name), unknown = globals.filter { !$0.isKnown }
    if !known.isEmpty { lines.append("understood   \(known.joined(separator: ", "))") }
    lines += unknown.map { "inert        \($0.name): \(Self.use(of: $0))" }
    if let fault { lines.append("fault        \(fault.fault)") }
    if !globals.isEmpty || fault != nil { lines.append("verdict      \(verdict)") }
    // Names of the file may hold lines of their own.
    return lines.map(\.printable).joined(separator: "\n")
  }

  private static func use(of global: Global) -> String {
    if global.inertCalls > 0 { return "Python would call it, \(times(global.inertCalls)); it was not run" }
    return global.instances > 0
      ? "made \(times(global.instances)) by Python; its code was not run" : "named, and not used"
  }

  private static func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times" }

  /// What somebody who fears the file wants to know, in one line.
  private var verdict: String {
    let calls = globals.filter { $0.inertCalls > 0 }.map(\.name)
    if !calls.isEmpty {
      return
        "Python would run \(calls.joined(separator: ", ")); nothing of it was run, and no tensors are taken from the file"
    }
    if fault != nil { return "not read to its end; nothing of it was run, and no tensors are taken from the file" }
    let named = globals.filter { !$0.isKnown }.map(\.name)
    var parts = [named.isEmpty ? "data alone" : "data; Python would import \(named.joined(separator: ", "))"]
    if globals.contains(where: { $0.name.hasPrefix("torch_utils.persistence.") }) {
      parts.append("Python would run the source text that the file brings along, which is nothing but text here")
    }
    return parts.joined(separator: "; ")
  }

  /// The listing as JSON.
  func json(of path: String) -> JSONValue {
    .object([
      "file": .string(path), "kind": .string(kind), "bytes": .number(Double(byteCount)),
      "tensors": .array(
        tensors.map {
          .object([
            "name": .string($0.name), "dtype": .string($0.type.rawValue),
            "shape": .array($0.shape.map { .number(Double($0)) }), "strided": .boolean($0.isStrided),
          ])
        }),
      "globals": .array(
        globals.map {
          .object([
            "name": .string($0.name), "understood": .boolean($0.isKnown),
            "inert_calls": .number(Double($0.inertCalls)), "objects": .number(Double($0.instances)),
          ])
        }), "fault": fault.map { .string($0.fault) } ?? .null,
    ])
  }
}
