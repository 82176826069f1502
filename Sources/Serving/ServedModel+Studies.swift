import Compute
import Diffusion
import Files
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
    guard let (fit, isCarried) = try StartFit.known(of: model, on: backend, shouldStop: shouldStop, progress: progress)
    else { return nil }
    let report = try LateStartReport(fit, of: model).json
    members = [
      "source": .string(isCarried ? "carried" : "fit from statistics"),
      // Without data a fit says nothing of a crossover.
      "crossover": isCarried ? report["crossover"] ?? .null : .null,
      "recommended": report["starts"] ?? .object([:]), "samplers": report["samplers"] ?? .object([:]),
    ]
  }
}
