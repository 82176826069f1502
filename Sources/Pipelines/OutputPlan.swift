import Foundation
import Training

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
