import Files
import Foundation

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
  /// A file that a user makes to stop the run.
  public var stopFile: String { join("stop") }
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

  /// Whether a new run finds no checkpoint.
  func checkIsNew() throws(PipelineError) {
    if let last = savedCheckpoints.last { throw .checkpointExists(folder: folder, checkpoint: last) }
  }
}
