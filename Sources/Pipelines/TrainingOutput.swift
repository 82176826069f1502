import Files
import Foundation

/// Where a training run leaves what it makes, and how often.
public struct TrainingOutput: Sendable {
  /// The folder of checkpoints, log, curve and samples.
  public var folder: String
  /// Steps from one checkpoint to the next.
  public var checkpointEvery = 500
  /// Checkpoints that are kept.
  public var keep = 3
  /// Steps from one grid of samples to the next, or nil for none.
  public var samplesEvery: Int? = 1000
  /// A picture that is rewritten with every grid.
  public var preview: String?

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
