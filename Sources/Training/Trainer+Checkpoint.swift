import Compute
public import Files

extension Trainer {
  /// What a checkpoint's header calls the format.
  static let format = "diffuse-gpu training 1"

  /// Everything from which the run can go on, as a safetensors file.
  ///
  /// - Parameter metadata: Further text for the header.
  public func checkpoint(metadata: [String: String] = [:]) throws -> [UInt8] {
    let own = ["format": Self.format, "step": "\(step)", "settings": settings.json.text]
    var writer = SafetensorsWriter(metadata: own.merging(metadata) { $1 })
    for quantity in AdamOptimizer.Quantity.allCases {
      let values = try optimizer.values(of: quantity)
      for (name, parameter) in task.parameters {
        guard let values = values[ObjectIdentifier(parameter)] else { continue }
        writer.add("\(quantity.rawValue)/\(name)", shape: parameter.shape, values: values)
      }
    }
    for (name, values) in task.state.sorted(by: { $0.key < $1.key }) {
      writer.add("memory/\(name)", shape: [values.count], values: values)
    }
    return writer.encoded()
  }

  /// The settings that a checkpoint was made with.
  public static func settings(of checkpoint: SafetensorsFile) throws(FileError) -> TrainingSettings {
    let path = checkpoint.file.path
    return try TrainingSettings(
      JSONValue(text("settings", of: checkpoint), path: "\(path), settings"), path: "\(path), settings")
  }

  private static func foreign(_ file: SafetensorsFile) -> FileError {
    FileError(file.file.path, "is no checkpoint of a training by this program")
  }

  /// Something that the header of every checkpoint says.
  private static func text(_ name: String, of checkpoint: SafetensorsFile) throws(FileError) -> String {
    guard checkpoint.metadata["format"] == format, let text = checkpoint.metadata[name] else {
      throw foreign(checkpoint)
    }
    return text
  }

  /// Goes on from a checkpoint; nothing changes if it does not fit.
  ///
  /// - Throws: `FileError` if it is none, or one of another architecture.
  public func restore(_ checkpoint: SafetensorsFile) throws {
    let path = checkpoint.file.path
    guard let step = Int(try Self.text("step", of: checkpoint)), step >= 0 else {
      throw Self.foreign(checkpoint)
    }
    let used = Set(optimizer.entries.flatMap { $0.parameter.masters.map { ObjectIdentifier($0) } })
    for quantity in AdamOptimizer.Quantity.allCases {
      for (name, parameter) in task.parameters where used.contains(ObjectIdentifier(parameter)) {
        guard let entry = checkpoint.entries["\(quantity.rawValue)/\(name)"] else {
          throw FileError(path, "was made by another architecture: '\(name)' is missing")
        }
        guard entry.shape == parameter.shape, entry.type == .float32 else {
          throw FileError(
            path,
            "was made by another architecture: '\(name)' has shape \(entry.shape), the network's has \(parameter.shape)"
          )
        }
      }
    }
    let names = Dictionary(uniqueKeysWithValues: task.parameters.map { (ObjectIdentifier($0.parameter), $0.name) })
    for quantity in AdamOptimizer.Quantity.allCases {
      optimizer.setValues(of: quantity) { parameter in
        let name = names[ObjectIdentifier(parameter)] ?? ""
        return checkpoint.entries["\(quantity.rawValue)/\(name)"].map { checkpoint.floats($0) } ?? parameter.values()
      }
    }
    let memory = checkpoint.entries.filter { $0.key.hasPrefix("memory/") }
    task.state = Dictionary(uniqueKeysWithValues: memory.map { (String($0.dropFirst(7)), checkpoint.floats($1)) })
    try optimizer.publish(.weights)
    self.step = step
  }
}
