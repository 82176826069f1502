import Files
import Foundation
import Training

/// Where a training run leaves what it makes, and how often.
///
/// What is nil is not named: a run that goes on has it from its checkpoint, a new run by default.
public struct TrainingOutput: Sendable {
  /// The folder of checkpoints, log, curve and samples.
  public var folder: String
  /// Steps from one checkpoint to the next, 1 to 99,999,999; 500 by default.
  public var checkpointEvery: Int?
  /// Checkpoints that are kept, 1 to 1,000,000; 3 by default.
  public var keep: Int?
  /// Steps from one grid of samples to the next, 0 to 99,999,999, 0 for none; 1000 by default.
  public var samplesEvery: Int?
  /// A picture that is rewritten with every grid; by default none.
  public var preview: String?
  /// The directory to which the trained model is going to be exported, which is checked before the first step; or nil for none.
  public var export: String?

  /// An output below a folder.
  public init(folder: String) {
    self.folder = folder
  }

  var checkpoints: String { join("checkpoints") }
  var log: String { join("log.jsonl") }
  var curve: String { join("loss.svg") }
  var samples: String { join("samples") }

  func join(_ name: String) -> String { (folder as NSString).appendingPathComponent(name) }

  /// What belongs to a step, by names that sort as the steps do.
  func file(of step: Int, in folder: String, _ type: String) -> String {
    (folder as NSString).appendingPathComponent("step-" + step.padded(to: 8) + "." + type)
  }

  /// The checkpoints that are there, the oldest first.
  public var savedCheckpoints: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? []
    return names.filter { $0.hasPrefix("step-") && $0.hasSuffix(".safetensors") }.sorted()
      .map { (checkpoints as NSString).appendingPathComponent($0) }
  }
}

/// How often a run writes what, as its checkpoints record it.
struct OutputPlan: Codable, Hashable {
  var checkpointEvery = 500
  var keep = 3
  var samplesEvery = 1000
  var preview: String?

  enum CodingKeys: String, CodingKey {
    case keep, preview
    case checkpointEvery = "checkpoint_every"
    case samplesEvery = "samples_every"
  }

  /// The plan of a run.
  ///
  /// - Parameters:
  ///   - output: What is named.
  ///   - recorded: What a checkpoint has, for the rest; nil for a new run.
  ///   - note: Told what differs from the checkpoint.
  init(_ output: TrainingOutput, over recorded: OutputPlan?, _ note: (String) -> Void) throws(PipelineError) {
    self = recorded ?? .init()
    for (name, part, value) in [
      ("checkpoint_every", \OutputPlan.checkpointEvery, output.checkpointEvery), ("keep", \.keep, output.keep),
      ("samples_every", \.samplesEvery, output.samplesEvery),
    ] {
      guard let value, value != self[keyPath: part] else { continue }
      if recorded != nil { note("\(name) is \(value) instead of \(self[keyPath: part])") }
      self[keyPath: part] = value
    }
    if let preview = output.preview.map(absolute), preview != self.preview {
      if recorded != nil { note("preview is \(preview) instead of \(self.preview ?? "none")") }
      self.preview = preview
    }
    try check()
  }

  private init() {}

  /// Whether the numbers are possible.
  func check() throws(PipelineError) {
    let most = TrainingSettings.mostSteps
    for (name, value, range) in [
      ("checkpoint_every", checkpointEvery, 1...most), ("keep", keep, 1...1_000_000),
      ("samples_every", samplesEvery, 0...most),
    ] where !range.contains(value) {
      throw .outputPlan(field: name, value: value, least: range.lowerBound, most: range.upperBound)
    }
  }
}

/// A path that means the same from any folder.
func absolute(_ path: String) -> String { URL(filePath: path).standardizedFileURL.path }
