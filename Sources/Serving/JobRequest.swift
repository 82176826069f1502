import Diffusion
package import Files
import Models
import Pipelines
import SymmetryBreaking

/// A run that a page or a script asks for.
package struct JobRequest: Sendable {
  /// What is sampled.
  enum Subject: Sendable {
    /// A model of the page.
    case model(ServedModel)
    /// Two points at 1 and -1, with the share of the first.
    case world(TwoPoints)
  }

  let subject: Subject
  /// The run as `sample` would be asked for it.
  let sampling: SamplingRequest
  /// Which run of a page this is: a later one of the same slot takes its place.
  let slot: String

  private static let largestCount = 64
  private static let largestWorldCount = 1000
  private static let largestSteps = 1000
  private static let largestText = 200

  /// Reads a request.
  ///
  /// - Throws: ``Refusal`` in one line that names the member at fault.
  package init(_ json: JSONValue, of models: [ServedModel]) throws {
    guard json.object != nil else { throw Refusal(.bad, "an object is needed") }
    subject = try Self.subject(json, models)
    slot = try Self.text("slot", json) ?? ""
    var settings = SamplingSettings(seeds: try Self.seeds(json, of: subject))
    try settings.select(sampler: try Self.text("sampler", json) ?? SamplerName.ddim.rawValue)
    settings.steps = try Self.number("steps", json, in: 1...Self.largestSteps) ?? 10
    if let start = try Self.number("start", json, in: 1...subject.lastStep) {
      let name = try Self.text("init", json) ?? LateStartKind.gaussian.rawValue
      guard let kind = LateStartKind(rawValue: name) else { throw Refusal(.bad, "init: '\(name)' is no initialiser") }
      settings.start = .late(timestep: start, kind: kind)
    }
    switch subject {
    case .model(let model):
      settings.classes = try Self.classes(json)
      settings.guidance = try Self.decimal("guidance", json) ?? 1
      sampling = SamplingRequest(model: model.reference, settings: settings)
    case .world: sampling = SamplingRequest(model: .world(.twoPoints), settings: settings)
    }
  }

  private static func subject(_ json: JSONValue, _ models: [ServedModel]) throws -> Subject {
    if let world = json["world"] {
      guard let share = world["share"]?.double else { throw Refusal(.bad, "world: needs a share") }
      return .world(try TwoPoints(share: share))
    }
    guard !models.isEmpty, let place = try number("model", json, in: 0...models.count - 1) else {
      throw Refusal(.bad, "model: which one is needed")
    }
    return .model(models[place])
  }

  private static func seeds(_ json: JSONValue, of subject: Subject) throws -> [UInt64] {
    let text = try text("seeds", json) ?? "0-15"
    let most = if case .world = subject { largestWorldCount } else { largestCount }
    do throws(SeedRanges.Fault) {
      return try SeedRanges(text, limit: most).seeds
    } catch {
      throw Refusal(
        .bad,
        error == .tooMany
          ? "seeds: more than \(most)" : "seeds: '\(text)' are no distinct seeds such as 0-15 or 3,7")
    }
  }

  private static func classes(_ json: JSONValue) throws -> ClassList? {
    guard let text = try text("class", json) else { return nil }
    do throws(ClassList.Fault) {
      return try ClassList(text)
    } catch {
      throw Refusal(.bad, "class: '\(text)' are no classes such as 3, 0-9 or each")
    }
  }

  private static func text(_ name: String, _ json: JSONValue) throws -> String? {
    guard let value = json[name] else { return nil }
    guard let text = value.string, text.utf8.count <= largestText else {
      throw Refusal(.bad, "\(name): a text of at most \(largestText) bytes is needed")
    }
    return text
  }

  private static func number(_ name: String, _ json: JSONValue, in range: ClosedRange<Int>) throws -> Int? {
    do throws(NumberFault) {
      return try json[name]?.wholeNumber(in: range)
    } catch {
      throw Refusal(.bad, "\(name): \(error)")
    }
  }

  private static func decimal(_ name: String, _ json: JSONValue) throws -> Double? {
    guard let value = json[name] else { return nil }
    guard let number = value.double else { throw Refusal(.bad, "\(name): \(value.short) is no number") }
    return number
  }
}

extension JobRequest.Subject {
  /// The last training step.
  var lastStep: Int {
    switch self {
    case .model(let model): model.lastStep
    case .world: TwoPoints.schedule.last
    }
  }
}
