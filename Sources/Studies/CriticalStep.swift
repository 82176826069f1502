import Diffusion
package import Files
import Foundation
import Models
import SymmetryBreaking

/// The training step at which a model's symmetry breaks: where the largest multiplier of its order parameter passes 1.
package struct CriticalStep: Sendable {
  /// The members of its document.
  package let members: [String: JSONValue]

  package init(members: [String: JSONValue]) { self.members = members }

  /// Measures it with few draws; nil if it was stopped.
  ///
  /// - Throws: `StudyError` where the model has no statistics, or its multiplier does not pass 1.
  package init?(
    of model: StudiedModel, shouldStop: @escaping () -> Bool, _ progress: @escaping (_ done: Int, _ total: Int) -> Void
  ) throws {
    let count = model.schedule.count
    var settings = NetworkAnalysis.Settings(steps: stride(from: 2, through: 14, by: 2).map { max(1, $0 * count / 20) })
    (settings.sets, settings.average.draws, settings.average.products) = (2, 16, 6)
    let folder = FileManager.default.temporaryDirectory.appending(path: "diffuse-gpu-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = try CellStore(folder.path, model.identity("page", version: "1"))
    let analysis = try NetworkAnalysis(model, settings, in: store)
    guard let findings = try analysis.run(shouldStop: shouldStop, progress: { progress($1, $2) }) else { return nil }
    guard let crossing = findings.crossings.first ?? nil, let low = crossing.places.min(),
      let high = crossing.places.max()
    else { throw StudyError.missing("\(model.model.name): its symmetry breaks at no step that was looked at") }
    members = [
      "step": .number((crossing.places.reduce(0, +) / Double(crossing.places.count)).rounded()),
      "lower": .number(low.rounded()), "upper": .number(high.rounded()),
    ]
  }
}
