public import Compute
public import Datasets
public import Files
public import Tensors

/// A training run in memory: a task, its optimiser and the number of steps done.
///
/// What a step does is a function of the settings, the data and the step's number; so a run that goes on from a checkpoint
/// goes on bit for bit on the same device.
public final class Trainer {
  /// What is known after a step.
  public struct Report: Sendable {
    /// Steps done, this one included.
    public let step: Int
    /// The loss before the step.
    public let loss: Double
    /// The norm of the gradients, before clipping.
    public let gradientNorm: Double
    /// The learning rate.
    public let rate: Double
  }

  /// What is trained.
  public let task: any TrainingTask
  /// How.
  public let settings: TrainingSettings
  /// The device.
  public let backend: any Backend
  /// Steps done.
  public private(set) var step = 0

  let optimizer: AdamOptimizer

  /// A run before its first step.
  public init(_ task: any TrainingTask, _ settings: TrainingSettings, _ shape: ImageShape, on backend: any Backend)
    throws
  {
    self.task = task
    self.settings = settings
    self.backend = backend
    optimizer = try AdamOptimizer(task, shape, on: backend)
  }

  /// Does one step with the batch of that step.
  ///
  /// - Throws: ``TrainingError`` if the loss or a gradient is not finite; the weights are then those before the step.
  public func advance(_ batch: TrainingBatch) throws -> Report {
    let seeds = (0..<UInt64(batch.indices.count)).map { settings.seed &+ 0x5EED_0000_0000 &+ $0 }
    let tape = Tape(
      on: backend, dropout: .init(seeds: seeds, step: UInt32(step)), checkpointsBlocks: settings.checkpointsBlocks)
    let loss = try task.takeGradients(of: batch, step: step, tape)
    let norm = try optimizer.norm(of: tape.gradients)
    guard loss.isFinite, norm.isFinite else {
      throw TrainingError(
        "step \(step + 1): the loss is \(loss) and the norm of the gradients \(norm); a smaller --learning-rate may help"
      )
    }
    let rate = settings.rate(at: step)
    let scale = settings.clipNorm.map { norm > $0 ? $0 / norm : 1 } ?? 1
    try optimizer.advance(
      tape.gradients,
      AdamStep(
        rate: rate, firstDecay: settings.firstDecay, secondDecay: settings.secondDecay, epsilon: settings.epsilon,
        weightDecay: settings.weightDecay, count: step + 1, gradientScale: scale,
        averageDecay: settings.averageDecay(at: step)))
    step += 1
    return Report(step: step, loss: loss, gradientNorm: norm, rate: rate)
  }

  /// Does something with the averages of the weights in the network, and puts the weights back.
  public func withAverages<Result>(_ body: () throws -> Result) throws -> Result {
    try optimizer.publish(.averages)
    let result = Swift.Result { try body() }
    try optimizer.publish(.weights)
    return try result.get()
  }
}

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
    for (name, values) in task.memory.sorted(by: { $0.key < $1.key }) {
      writer.add("memory/\(name)", shape: [values.count], values: values)
    }
    return writer.encoded()
  }

  /// The settings that a checkpoint was made with.
  public static func settings(of checkpoint: SafetensorsFile) throws(FileError) -> TrainingSettings {
    let path = checkpoint.file.path
    guard checkpoint.metadata["format"] == format, let text = checkpoint.metadata["settings"] else {
      throw FileError(path, "is no checkpoint of a training by this program")
    }
    var bytes = Array(text.utf8)
    var parsed: Result<JSONValue, FileError>?
    bytes.withUnsafeMutableBytes { bytes in
      do throws(FileError) {
        parsed = .success(try JSONValue(parsing: .init(bytes), path: "\(path), settings"))
      } catch {
        parsed = .failure(error)
      }
    }
    guard let json = try parsed?.get() else { throw FileError(path, "holds no settings") }
    return try TrainingSettings(json, path: "\(path), settings")
  }

  /// Goes on from a checkpoint; nothing changes if it does not fit.
  ///
  /// - Throws: ``FileError`` if it is none, or one of another architecture.
  public func restore(_ checkpoint: SafetensorsFile) throws {
    let path = checkpoint.file.path
    guard checkpoint.metadata["format"] == Self.format, let step = checkpoint.metadata["step"].flatMap({ Int($0) }),
      step >= 0
    else { throw FileError(path, "is no checkpoint of a training by this program") }
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
    for name in checkpoint.entries.keys where name.hasPrefix("memory/") {
      task.memory[String(name.dropFirst(7))] = checkpoint.entries[name].map { checkpoint.floats($0) }
    }
    try optimizer.publish(.weights)
    self.step = step
  }
}

extension SafetensorsFile {
  /// The values of a tensor.
  fileprivate func floats(_ entry: Entry) -> [Float] {
    .init(unsafeUninitializedCapacity: entry.count) { destination, count in
      destination.initialize(repeating: 0)
      readFloats(entry, into: .init(rebasing: destination[..<entry.count]))
      count = entry.count
    }
  }
}
