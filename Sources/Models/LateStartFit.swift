public import Diffusion
public import Files
public import SymmetryBreaking

/// What denoising errors say about the late starts of a model, as `late_start.json` holds it.
///
/// The curve decides the start on any sampler's grid and for any number of steps; what else the file holds follows from it.
public struct LateStartFit: Sendable, Hashable {
  /// SHA-256 of each file of the model's weights, by name.
  public var weights: [String: String]
  /// SHA-256 of the file of statistics, or nil if they were taken from the data at the time.
  public var statistics: String?
  /// Draws of each level.
  public var draws: Int
  /// What counts for how much.
  public var rule: StartTime.Rule
  /// The errors.
  public var curve: DenoisingCurve

  /// A fit from its parts.
  public init(
    weights: [String: String], statistics: String?, draws: Int, rule: StartTime.Rule, curve: DenoisingCurve
  ) {
    self.weights = weights
    self.statistics = statistics
    self.draws = draws
    self.rule = rule
    self.curve = curve
  }

  /// The start times that follow from the curve.
  public func startTime(on schedule: NoiseSchedule) -> StartTime { StartTime(curve, on: schedule, rule: rule) }

  /// Whether the curve's levels are those of a schedule.
  public func fits(_ schedule: NoiseSchedule) -> Bool {
    curve.levels.allSatisfy { level in
      (0...schedule.last).contains(level.step)
        && abs(schedule.level(at: level.step).signalToNoise / level.signalToNoise - 1) < 1e-4
    }
  }
}

extension LateStartFit {
  /// The word by which a file is known.
  private static let format = "diffuse-gpu late start"

  /// The document, from which ``init(_:)`` makes the same fit.
  public var json: JSONValue {
    .object([
      "format": .string(Self.format), "weights": .object(weights.mapValues { .string($0) }),
      "statistics": statistics.map { .string($0) } ?? .null, "source": .string(curve.source.rawValue),
      "draws": .number(Double(draws)), "detail_snr": .number(rule.detail), "weight": .number(rule.weight),
      "levels": .array(
        curve.levels.map { level in
          .object([
            "step": .number(Double(level.step)), "snr": .number(level.signalToNoise),
            "linear_error": .number(level.linearError), "difference": .number(level.difference),
            "standard_error": .number(level.standardError),
          ])
        }),
    ])
  }

  /// Reads `late_start.json`.
  ///
  /// - Throws: `FileError` if it is none, or holds numbers that no fit has.
  public init(_ file: MappedFile) throws(FileError) {
    defer { withExtendedLifetime(file) {} }
    let json = try JSONValue(parsing: file.bytes, path: file.path)
    guard json["format"]?.string == Self.format else {
      throw FileError(file.path, "is no fit of a late start; `diffuse-gpu late-start fit` makes one")
    }
    func number(_ name: String, in range: ClosedRange<Double>, of value: JSONValue) throws(FileError) -> Double {
      do throws(NumberFault) {
        return try (value[name] ?? .null).number(in: range)
      } catch {
        throw FileError(file.path, "\(name): \(error)")
      }
    }
    var levels: [DenoisingCurve.Level] = []
    for level in json["levels"]?.array ?? [] {
      levels.append(
        .init(
          step: Int(try number("step", in: 0...Double(NoiseSchedule.largestCount), of: level)),
          signalToNoise: try number("snr", in: 1e-30...1e30, of: level),
          linearError: try number("linear_error", in: 0...1e15, of: level),
          difference: try number("difference", in: -1e30...1e30, of: level),
          standardError: try number("standard_error", in: 0...1e30, of: level)))
    }
    guard levels.count >= 3, zip(levels, levels.dropFirst()).allSatisfy({ $0.signalToNoise < $1.signalToNoise }) else {
      throw FileError(file.path, "levels: at least three of rising snr are needed")
    }
    guard let source = json["source"]?.string.flatMap(DenoisingCurve.Source.init) else {
      throw FileError(file.path, "source: is neither data nor statistics")
    }
    var rule = StartTime.Rule()
    rule.detail = try number("detail_snr", in: StartTime.Rule.details, of: json)
    rule.weight = try number("weight", in: StartTime.Rule.weights, of: json)
    self.init(
      weights: (json["weights"]?.object ?? [:]).compactMapValues(\.string), statistics: json["statistics"]?.string,
      draws: Int(try number("draws", in: 2...1e9, of: json)), rule: rule, curve: .init(levels: levels, source: source))
  }
}
