import Files
import Foundation
import Pipelines
import Studies
import SymmetryBreaking
import Tensors

extension JobRequest {
  /// Numbers of a path.
  private static let longestPath = 20_000

  /// What is shown of a run: a world's states, since its estimates are next to its points from the first step on.
  var view: TrajectoryRecorder.View { if case .world = subject { .noisy } else { .denoised } }

  /// Whether the states of all steps are told at the end: a world's steps take too short a time to be seen.
  var keepsPath: Bool {
    guard case .world = subject, let steps = sampling.settings.steps else { return false }
    return steps * sampling.settings.seeds.count <= Self.longestPath
  }

  /// The page's document of what a run has come to: the picture of all samples, and where each lies on the line.
  func members(of preview: SamplingPreview) throws -> [String: JSONValue] {
    var members: [String: JSONValue] = [
      "step": .number(Double(preview.step)), "of": .number(Double(preview.steps)),
      "training_step": .number(preview.timestep), "seconds": .number(preview.seconds),
    ]
    switch subject {
    case .world: members["places"] = JSONValue(preview.values.map(Double.init))
    case .model(let model):
      let shape = preview.shape, bytes = ImageConversion.pictureBytes(preview.values, shape)
      let grid = ImageConversion.grid(bytes, ImageConversion.pictureShape(shape))
      members["picture"] = .string(Data(try grid.encoded()).base64EncodedString())
      members["places"] = model.known.line.finding.map { found in
        JSONValue(
          stride(from: 0, to: preview.values.count, by: shape.count).map { start in
            found.line.place(of: preview.values[start..<start + shape.count].map { Double($0) })
          })
      }
    }
    return members
  }
}
