import Compute
public import Datasets
import DiffusersFormat
import Files
public import Tensors
import Training

/// The data of a training, by which a run that goes on tells them from others.
public struct TrainingData: Codable, Sendable, Hashable {
  /// Where they were, as a path from the root.
  public var path: String
  /// How they were read.
  public var reading: ImageReading
  /// Images in all.
  public var count: Int
  /// The extents of an image.
  public var shape: ImageShape
  /// SHA-256 of extents, images and labels.
  public var sha256: String
}

extension TrainingData {
  /// The identity of a set that was read from a path.
  init(_ set: ImageSet, path: String, reading: ImageReading) {
    self.init(path: absolute(path), reading: reading, count: set.count, shape: set.shape, sha256: set.fingerprint)
  }

  /// The first field in which other data differ, and both values, or nil if they are the same images; the path may be another.
  func difference(from recorded: TrainingData) -> Difference? {
    let fields = [
      ("shape", "\(shape)", "\(recorded.shape)"), ("count", "\(count)", "\(recorded.count)"),
      ("sha256", sha256, recorded.sha256),
    ]
    return fields.first { $0.1 != $0.2 }.map { Difference(field: $0.0, asked: $0.1, recorded: $0.2) }
  }
}

/// A field in which a request differs from the run that it goes on with.
struct Difference: Hashable {
  let field: String
  let asked: String
  let recorded: String

  /// The first of two documents' members that differ, by name, or nil if none does; null is as good as missing, and names that
  /// begin with an underscore are notes of whoever wrote them.
  static func first(_ asked: JSONValue, _ recorded: JSONValue) -> Difference? {
    let names = Set(asked.object.map { Array($0.keys) } ?? []).union(recorded.object.map { Array($0.keys) } ?? [])
    let own = names.filter { !$0.hasPrefix("_") || $0 == "_class_name" }.sorted()
    return own.first { asked[$0] != recorded[$0] }.map {
      Difference(field: $0, asked: (asked[$0] ?? .null).line, recorded: (recorded[$0] ?? .null).line)
    }
  }
}

/// What a checkpoint says of its run besides settings and steps: the header's texts `network`, `scheduler`, `data`, `output`
/// and `device`, and `origin` where it began with another model's weights.
struct TrainingRecord {
  /// The network's configuration, as diffusers or the classifier's files have it.
  var network: JSONValue
  /// The scheduler's configuration; nil for a classifier.
  var scheduler: JSONValue?
  var data: TrainingData
  var output: OutputPlan
  /// The device and its arithmetic.
  var device: String
  /// The model whose weights the run began with; nil for random weights.
  var origin: JSONValue?

  init(
    network: JSONValue, scheduler: JSONValue?, data: TrainingData, output: OutputPlan, origin: JSONValue?,
    on backend: any Backend
  ) {
    self.network = network
    self.scheduler = scheduler
    self.data = data
    self.output = output
    self.origin = origin
    device = Self.name(of: backend)
  }

  /// The record of a checkpoint.
  ///
  /// - Throws: `FileError` if a text is missing or not of its kind.
  init(_ checkpoint: TrainingCheckpoint) throws(FileError) {
    let path = checkpoint.file.file.path
    func document(_ name: String) throws(FileError) -> JSONValue {
      try JSONValue(checkpoint.text(name), path: "\(path), \(name)")
    }
    func value<Value: Decodable>(_ name: String) throws(FileError) -> Value {
      let json = try document(name)
      do {
        return try json.decoded()
      } catch let error as DecodingError {
        throw FileError("\(path), \(name)", error.oneLine)
      } catch {
        throw FileError("\(path), \(name)", "\(error)")
      }
    }
    network = try document("network")
    scheduler = checkpoint.settings.task == .diffusion ? try document("scheduler") : nil
    data = try value("data")
    output = try value("output")
    do throws(PipelineError) {
      try output.check()
    } catch {
      throw FileError("\(path), output", "\(error)")
    }
    device = try checkpoint.text("device")
    origin = try checkpoint.file.metadata["origin"].map { text throws(FileError) in
      try JSONValue(text, path: "\(path), origin")
    }
  }

  /// The header's texts.
  func texts() throws -> [String: String] {
    var texts = [
      "network": network.text, "data": try JSONValue(encoding: data).text,
      "output": try JSONValue(encoding: output).text, "device": device,
    ]
    texts["scheduler"] = scheduler?.text
    texts["origin"] = origin?.text
    return texts
  }

  /// Tells that the device is another than the checkpoint's.
  func compareDevice(with now: TrainingRecord, _ note: (String) -> Void) {
    guard device != now.device else { return }
    note("device is \(now.device) instead of \(device); results may differ in their last digits")
  }

  /// What results depend on in their last digits.
  static func name(of backend: any Backend) -> String {
    "\(backend.device.backend), \(backend.device.name), \(backend.precision.rawValue)"
      + (backend.tuningDigest.map { ", tuned \($0.prefix(16))" } ?? "")
  }
}
