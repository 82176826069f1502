import Compute
import Diffusion
package import Files
import Foundation
import Models
import Pipelines
import Studies
import SymmetryBreaking
import Tensors

extension ServedModel {
  /// Finds out where late starts should begin, whenever nobody waits for samples; at once for a model that carries a fit.
  func studyStarts(_ gate: StudyGate) async {
    await find(\.starts) { model, backend, progress in
      try ModelStarts(of: model, on: backend, shouldStop: { !gate.pass() }, progress)
    }
  }

  /// Finds out how the model's symmetry breaks, whenever nobody waits for samples.
  func studySymmetry(_ gate: StudyGate) async {
    guard case .waiting = known.line else { return }
    await find(\.line) { model, backend, progress in
      try ModelLine(of: Self.studied(model, backend), shouldStop: { !gate.pass() }, progress)
    }
    await find(\.critical) { model, backend, progress in
      try CriticalStep(of: Self.studied(model, backend), shouldStop: { !gate.pass() }, progress)
    }
  }

  /// The model for a study: of its first class, if it has classes.
  private static func studied(_ model: any DiffusionModel, _ backend: any Backend) throws -> StudiedModel {
    try StudiedModel(model, classLabel: model.classCount == nil ? nil : 0, on: backend)
  }

  /// Finds one thing out; what is stopped stays unknown.
  private func find<Finding: Sendable>(
    _ path: any WritableKeyPath<Findings, Study<Finding>> & Sendable,
    _ body:
      @Sendable (
        _ model: any DiffusionModel, _ backend: any Backend, _ progress: @escaping (_ done: Int, _ total: Int) -> Void
      ) throws -> Finding?
  ) async {
    do {
      let finding = try await studies.perform { model, backend in
        try body(model, backend) { done, total in
          self.update { $0[keyPath: path] = .computing(done: done, total: total) }
        }
      }
      update { $0[keyPath: path] = finding.map { .ready($0) } ?? .waiting }
    } catch {
      update { $0[keyPath: path] = .absent("\(error)".printable) }
    }
  }
}

/// Where late starts of a model should begin.
struct ModelStarts: Sendable {
  /// The members of the page's document.
  let members: [String: JSONValue]

  /// The starts of the fit that a model carries, or of a fit to its statistics alone; nil if that was stopped.
  init?(
    of model: any DiffusionModel, on backend: any Backend, shouldStop: () -> Bool,
    _ progress: (_ done: Int, _ total: Int) -> Void
  ) throws {
    let carried = try model.lateStartFit()
    var found = carried
    if found == nil {
      var settings = StartFit.Settings()
      settings.images = 128
      let fit = try StartFit(model, settings, images: nil, on: backend)
      guard let result = try fit.run(shouldStop: shouldStop, progress: { progress($0, fit.evaluations) }) else {
        return nil
      }
      found = LateStartFit(
        weights: [:], statistics: nil, draws: settings.images, rule: settings.rule, curve: result.curve)
    }
    guard let found else { return nil }
    let report = try LateStartReport(found, of: model).json
    members = [
      "source": .string(carried == nil ? "fit from statistics" : "carried"),
      // Without data a fit says nothing of a crossover.
      "crossover": carried == nil ? .null : report["crossover"] ?? .null,
      "recommended": report["starts"] ?? .object([:]), "samplers": report["samplers"] ?? .object([:]),
    ]
  }
}

/// The training step at which a model's symmetry breaks: where the largest multiplier of its order parameter passes 1.
package struct CriticalStep: Sendable {
  /// The members of the page's document.
  package let members: [String: JSONValue]

  package init(members: [String: JSONValue]) { self.members = members }

  /// Measures it with few draws; nil if it was stopped.
  ///
  /// - Throws: `StudyError` where the model has no statistics, or its multiplier does not pass 1.
  init?(
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
