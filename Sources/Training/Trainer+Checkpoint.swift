import Compute
import Files

extension Trainer {
  /// Everything from which the run can go on, as a safetensors file.
  ///
  /// - Parameter metadata: Further text for the header.
  public func checkpoint(metadata: [String: String] = [:]) throws -> [UInt8] {
    var tensors: [(name: String, shape: [Int], values: [Float])] = []
    for quantity in AdamOptimizer.Quantity.allCases {
      let values = try optimizer.values(of: quantity)
      for (name, parameter) in task.parameters {
        guard let values = values[ObjectIdentifier(parameter)] else { continue }
        tensors.append(("\(quantity.rawValue)/\(name)", parameter.shape, values))
      }
    }
    for (name, values) in task.state.sorted(by: { $0.key < $1.key }) {
      tensors.append(("memory/\(name)", [values.count], values))
    }
    var texts = ["format": TrainingCheckpoint.format, "step": "\(step)", "settings": settings.json.text]
    texts.merge(metadata) { $1 }
    texts["sha256"] = TrainingCheckpoint.digest(
      of: texts,
      tensors.sorted { $0.name < $1.name }.map { TrainingCheckpoint.line($0.name, $0.shape, $0.values) })
    var writer = SafetensorsWriter(metadata: texts)
    for (name, shape, values) in tensors { writer.add(name, shape: shape, values: values) }
    return writer.encoded()
  }

  /// SHA-256 of the weights, by which ranks compare them.
  public func weightDigest() throws -> String {
    let values = try optimizer.values(of: .weights)
    let lines = task.parameters.compactMap { name, parameter in
      values[ObjectIdentifier(parameter)].map { TrainingCheckpoint.line(name, parameter.shape, $0) }
    }
    return sha256(of: Array(lines.joined(separator: "\n").utf8))
  }

  /// Goes on from a checkpoint; nothing changes if it does not fit.
  ///
  /// - Throws: `FileError` if it is one of another architecture.
  public func restore(_ checkpoint: TrainingCheckpoint) throws {
    let file = checkpoint.file, path = file.file.path
    let used = Set(optimizer.entries.flatMap { $0.parameter.masters.map { ObjectIdentifier($0) } })
    for quantity in AdamOptimizer.Quantity.allCases {
      for (name, parameter) in task.parameters where used.contains(ObjectIdentifier(parameter)) {
        guard let entry = file.entries["\(quantity.rawValue)/\(name)"] else {
          throw FileError(path, "was made by another architecture: '\(name)' is missing")
        }
        guard entry.shape == parameter.shape else {
          throw FileError(
            path,
            "was made by another architecture: '\(name)' has shape \(entry.shape), the network's has \(parameter.shape)"
          )
        }
      }
    }
    let memory = file.entries.filter { $0.key.hasPrefix("memory/") }
    do {
      try task.restore(Dictionary(uniqueKeysWithValues: memory.map { (String($0.dropFirst(7)), file.floats($1)) }))
    } catch {
      throw FileError(path, "tensor \(error) in the memory of the training")
    }
    let names = Dictionary(uniqueKeysWithValues: task.parameters.map { (ObjectIdentifier($0.parameter), $0.name) })
    for quantity in AdamOptimizer.Quantity.allCases {
      try optimizer.setValues(of: quantity) { parameter in
        let name = names[ObjectIdentifier(parameter)] ?? ""
        guard let entry = file.entries["\(quantity.rawValue)/\(name)"] else { return try parameter.values() }
        return file.floats(entry)
      }
    }
    optimizer.publish(.weights)
    step = checkpoint.step
  }
}
