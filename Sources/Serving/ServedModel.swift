import Compute
import Diffusion
public import Files
import Models
import Studies
public import Pipelines
import Synchronization
import Tensors

/// A model that the page shows, and what is known about it.
public final class ServedModel: Sendable {
  /// What the page calls it.
  public let name: String
  /// How requests and records name it.
  let reference: ModelReference
  /// The words by which a command line names it, such as `--model mnist`.
  let flags: [String]
  /// Samples for the page.
  let session: SamplingSession
  /// Finds things out in the background, on a device of its own.
  let studies: SamplingSession
  /// The name of the device.
  let device: String
  /// The last training step.
  let lastStep: Int
  private let facts: [String: JSONValue]
  private let findings = Mutex(Findings())

  /// What is found out in the background.
  struct Findings: Sendable {
    var starts = Study<ModelStarts>.waiting
    var critical = Study<CriticalStep>.waiting
    var line = Study<ModelLine>.waiting
  }

  /// A model on two sessions of the same kind of device.
  ///
  /// - Parameters:
  ///   - name: What the page calls it.
  ///   - reference: How requests name it.
  ///   - flags: The words by which a command line names it, such as `--model mnist`.
  ///   - session: Samples for the page.
  ///   - studies: The same model again, for studies in the background.
  ///   - phase: What an earlier study has found, as `phase.json` has it, or nil.
  /// - Throws: An error of the model's files.
  public init(
    name: String, _ reference: ModelReference, flags: [String], session: SamplingSession, studies: SamplingSession,
    phase: JSONValue? = nil
  ) async throws {
    (self.name, self.reference, self.flags) = (name, reference, flags)
    (self.session, self.studies) = (session, studies)
    (facts, lastStep, device) = try await session.perform { model, backend in
      let shape = try model.sampleShape(nil)
      let schedule = try model.scheduler(.model, .init(), clipSample: true).scheduler.schedule
      let hasClasses = try model.classStatistics(shape) != nil
      let kinds = LateStartKind.allCases.filter { $0 != .classGaussian || hasClasses }
      let facts: [String: JSONValue] = [
        "shape": JSONValue([shape.channels, shape.height, shape.width].map(Double.init)),
        "classes": model.classCount.map { .number(Double($0)) } ?? .null,
        "training_steps": .number(Double(schedule.count)),
        "samplers": .array((SamplerName.allCases.map(\.rawValue) + [SamplerName.paperDDPM]).map { .string($0) }),
        "sampler": .string(SamplerName.ddim.rawValue),
        "initialisers": .array(kinds.map { .string($0.rawValue) }),
      ]
      return (facts, schedule.last, backend.device.name)
    }
    guard let phase else { return }
    let known = try await session.perform { model, _ in
      try PhaseFile(phase, path: "\(model.name)/phase.json", weights: model.fingerprints(), model.sampleShape(nil))
    }
    update { findings in
      findings.line = .ready(known.line)
      findings.critical =
        known.critical.map { .ready($0) } ?? .absent("the symmetry breaks at no step that was looked at")
    }
  }

  /// What was found out about the model, as a `phase.json` of its directory; nil where the line is not known.
  ///
  /// - Throws: An error of the model's files.
  func phase() async throws -> JSONValue? {
    guard let line = known.line.finding else { return nil }
    let weights = try await session.perform { model, _ in try model.fingerprints() }
    return PhaseFile(weights: weights, critical: known.critical.finding, line: line).json
  }

  /// What is known now.
  var known: Findings { findings.withLock { $0 } }

  /// Changes what is known.
  func update(_ change: (inout Findings) -> Void) { findings.withLock { change(&$0) } }

  /// The document of the model.
  func json(id: Int) -> JSONValue {
    let known = known
    return .object(
      facts.merging([
        "id": .number(Double(id)), "name": .string(name), "flag": .string(flags.joined(separator: " ")),
        "starts": known.starts.json(\.members), "critical": known.critical.json(\.members),
        "line": known.line.json { _ in [:] },
      ]) { $1 })
  }
}
