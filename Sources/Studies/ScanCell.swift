public import Pipelines

/// One setting of a scan of late starts: a sampler with its steps, and where and how it begins.
public struct ScanCell: Sendable, Hashable, Codable {
  /// The sampler's name; see `SamplingSettings.select(sampler:)`.
  public let sampler: String
  /// Steps of the run.
  public let steps: Int
  /// The training step of a late start, or nil for the prior.
  public let start: Int?
  /// How the state of a late start is made, or nil for the prior.
  public let kind: LateStartKind?

  /// A cell; a start at the prior has no kind.
  public init(sampler: String, steps: Int, start: Int? = nil, kind: LateStartKind? = nil) {
    precondition((start == nil) == (kind == nil), "a late start has a kind, the prior has none")
    self.sampler = sampler
    self.steps = steps
    self.start = start
    self.kind = kind
  }

  /// Such as `ddim-5-gaussian-500` or `ddim-5-prior`.
  public var name: String {
    "\(sampler)-\(steps)-" + (start.flatMap { start in kind.map { "\($0.rawValue)-\(start)" } } ?? "prior")
  }

  /// The start in words, such as `gaussian at 500`.
  var beginning: String { start.flatMap { start in kind.map { "\($0.rawValue) at \(start)" } } ?? "prior" }
}

/// What a cell of a scan found.
public struct ScanResult: Sendable, Hashable, Codable {
  /// The cell.
  public let cell: ScanCell
  /// Evaluations of the network for each image (NFE), counted in the run.
  public let evaluations: Int
  /// The training step of the run's first level.
  public let firstStep: Double
  /// Whether and how estimates of clean images are limited: the model's own setting.
  public let limit: String
  /// What the images measure.
  public let measures: ScanMeasures

  /// A result from its parts.
  package init(cell: ScanCell, evaluations: Int, firstStep: Double, limit: String, measures: ScanMeasures) {
    self.cell = cell
    self.evaluations = evaluations
    self.firstStep = firstStep
    self.limit = limit
    self.measures = measures
  }
}
