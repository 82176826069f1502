import Compute
import Diffusion
import Models
public import SymmetryBreaking
import Tensors

/// When a model's symmetry breaks: the multipliers of its order parameter, training step by training step.
///
/// Beside each multiplier stand the Gaussian's with the data's moments, which alone never reaches 1, and the overlap with the
/// data's principal components. Every measurement is a cell on disk. See `OrderParameter`.
public struct NetworkAnalysis {
  /// What is measured.
  public struct Settings: Sendable, Hashable {
    /// Training steps, at least one; measured from the noisiest down.
    public var steps: [Int]
    /// Independent sets of draws with which a crossing is found, 1 to 16.
    public var sets = 4
    /// How averages are taken; the set is the first.
    public var average = OrderParameter.Settings()
    /// Whether the fixed point is followed from the noisiest step down and the multiplier is measured there too.
    public var followsFixedPoint = false
    /// Whether the fixed point of the drift itself is searched for, where no network was trained; see `BareCentre`.
    public var searchesBareCentre = false
    /// The width in training steps at which a crossing is read off a straight line.
    public var width = 8

    /// Settings with the defaults, for some steps.
    public init(steps: [Int]) {
      self.steps = steps
    }
  }

  /// How many multipliers are kept.
  static let kept = 3

  let model: StudiedModel
  let settings: Settings
  let store: CellStore
  let gaussian: GaussianStatistics
  let images: [Float]?
  let mean: [Double]
  /// The first principal components of the data, one a row.
  let components: [[Double]]
  let start: [Double]

  /// An analysis.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - settings: What is measured.
  ///   - images: Clean images, in the range of the model, on which its estimates are compared with the Gaussian's; nil for no comparison.
  ///   - store: Where cells are kept; its identity names the model, its data and the program.
  /// - Throws: ``StudyError`` where the data's moments are not known or have no variance, `PipelineError` for a setting out of range.
  public init(_ model: StudiedModel, _ settings: Settings, images: [Float]? = nil, in store: CellStore) throws {
    (self.model, self.store, self.images) = (model, store, images)
    var settings = settings
    settings.average.batch = model.batch
    settings.steps = Set(settings.steps).sorted(by: >)
    self.settings = settings
    let gaussian = try model.gaussian()
    guard let basis = gaussian.basis, gaussian.eigenvalues[0] > 0 else {
      throw StudyError.missing(
        "\(model.model.name): its data have no variance along any direction that its statistics keep")
    }
    self.gaussian = gaussian
    mean = try gaussian.mean.values().map(Double.init)
    let rows = min(Self.kept, gaussian.eigenvalues.count), size = gaussian.dimension
    let values = try basis.selectingRows(0..<rows).values()
    components = (0..<rows).map { values[$0 * size..<($0 + 1) * size].map(Double.init) }
    // A draw with the data's covariance has a part along all of its directions, the more the more they vary.
    let normals = Tensor.noise([size], seeds: [0], key: NoiseKey(step: 1), on: model.backend)
    start = zip(try gaussian.gaussianState(from: normals, at: .clean).values(), mean).map { Double($0) - $1 }
  }

  /// Measures what is not there yet.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked before every evaluation; finished cells are kept.
  ///   - progress: Told the part of the study, and evaluations done and to do in it.
  /// - Returns: What was found, or nil if the study was stopped.
  public func run(
    shouldStop: @escaping () -> Bool = { false },
    progress: @escaping (_ phase: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  ) throws -> NetworkFindings? {
    let watch = StudyProgress(shouldStop: shouldStop, report: progress)
    do {
      let evaluations = parameter(set: 0, watch).evaluationsPerMultiplier
      watch.begin("multipliers at the mean", total: settings.steps.count * evaluations)
      let cells = try settings.steps.map { try multipliers(at: $0, set: 0, watch) }
      let followed = settings.followsFixedPoint ? try followedFixedPoints(watch) : []
      let centres = settings.searchesBareCentre ? try bareCentres(watch) : []
      let rows = cells.enumerated().map { place, cell in
        row(
          settings.steps[place], cell, followed.isEmpty ? nil : followed[place],
          centres.isEmpty ? nil : centres[place])
      }
      let crossings = try (0..<min(2, components.count)).map { try crossing(of: $0, cells, watch) }
      let crossover = try crossover(errors(watch))
      return NetworkFindings(rows: rows, crossings: crossings, criteria: criteria, crossover: crossover)
    } catch is StudyStop {
      return nil
    }
  }

  /// The order parameter of one set of draws.
  func parameter(set: Int, _ watch: StudyProgress) -> OrderParameter {
    var average = settings.average
    average.set = set
    var parameter = OrderParameter(model.denoiser, rowShape: model.rowShape, average, on: model.backend)
    parameter.willEvaluate = { rows in
      try watch.check()
      watch.advance(by: rows)
    }
    return parameter
  }

  /// Everything that a cell depends on besides the study's identity.
  struct CellSettings: Codable {
    var step: Int
    var average: OrderParameter.Settings
    var classLabel: Int?
    var point: String
  }

  /// What is kept of a cell.
  struct MultiplierCell: Codable {
    var values: [Double]
    var residuals: [Double]
    var overlaps: [Double]

    init(_ multipliers: [Multiplier], _ components: [[Double]]) {
      values = multipliers.map(\.value)
      residuals = multipliers.map(\.residual)
      overlaps = zip(multipliers, components).map { $0.overlap(with: $1) }
    }
  }

  /// The settings of a cell; how many samples fit into memory changes no result, and stays out.
  func cellSettings(_ step: Int, set: Int, _ point: String) -> CellSettings {
    var average = settings.average
    (average.set, average.batch) = (set, 1)
    return CellSettings(step: step, average: average, classLabel: model.classLabel, point: point)
  }

  /// The multipliers at the data's mean, measured unless they are there.
  func multipliers(at step: Int, set: Int, _ watch: StudyProgress) throws -> MultiplierCell {
    let cell = try store.cell("mean-\(step)-\(set)", cellSettings(step, set: set, "mean"))
    let parameter = parameter(set: set, watch)
    return try store.result(of: cell, wasKnown: { watch.advance(by: parameter.evaluationsPerMultiplier) }) {
      try multipliers(of: parameter, at: mean, step: step)
    }
  }

  /// The multipliers at a state; wherever it is, Arnoldi's process begins with one direction.
  func multipliers(
    of parameter: OrderParameter, at point: [Double], step: Int
  ) throws -> MultiplierCell {
    MultiplierCell(
      try parameter.multipliers(at: point, model.schedule.level(at: step), from: start, count: Self.kept), components)
  }

  private func row(
    _ step: Int, _ cell: MultiplierCell, _ followed: FixedPointCell?, _ centre: NetworkFindings.BareCentre?
  ) -> NetworkFindings.Row {
    let level = model.schedule.level(at: step)
    // Directions outside of the basis share one variance.
    let outside = [Double](repeating: gaussian.remainder, count: Self.kept)
    let variances = (gaussian.eigenvalues.prefix(Self.kept) + outside).prefix(cell.values.count)
    let reference = variances.map { gaussianMultiplier(ofVariance: $0, at: level) }
    return .init(
      step: step, alpha: level.alpha, sigma: level.sigma, multipliers: cell.values, residuals: cell.residuals,
      gaussian: reference, overlaps: cell.overlaps,
      fixedPoint: followed.map {
        .init(multiplier: $0.multipliers.values[0], residual: $0.residual, distance: $0.distance)
      }, bareCentre: centre)
  }

  /// The training step of each criterion that the data's leading variance meets.
  private var criteria: [NetworkFindings.Criterion] {
    let variance = gaussian.eigenvalues[0]
    return CriticalCriterion.allCases.compactMap { criterion in
      criterion.alphaBar(leadingVariance: variance).flatMap { model.schedule.firstStep(below: $0) }.map {
        NetworkFindings.Criterion(name: criterion.rawValue, step: $0)
      }
    }
  }
}
