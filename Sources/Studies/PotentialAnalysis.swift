import Compute
import Diffusion
import Files
import Models
public import SymmetryBreaking
import Tensors

/// The generative potential of a model along arcs through pairs of its own samples, noise level by noise level.
///
/// Both ends of an arc are states of two runs at the same level, in the model's own range. Above the break the potential has one
/// valley between them, below it one around each. Beside each curve stands that of the Gaussian with the data's moments along the
/// same arc, where they are known: two samples overlap by chance, which lifts or lowers both. See `PotentialArc`; Raya and Ambrogioni
/// (2023), figure 1 and supplement. Each curve is a cell on disk.
public struct PotentialAnalysis {
  /// What is measured.
  public struct Settings: Sendable, Hashable {
    /// Training steps, at least one.
    public var steps: [Int]
    /// Pairs of samples that are averaged over, no sample in two of them; 1 to 4,096.
    public var pairs = 8
    /// The seed of the first sample.
    public var seed: UInt64 = 0
    /// Steps of the sampler.
    public var samplerSteps = 50
    /// The angles.
    public var arc = PotentialArc(count: 46)

    /// Settings with the defaults, for some steps.
    public init(steps: [Int]) {
      self.steps = steps
    }
  }

  private let model: StudiedModel
  private let settings: Settings
  private let store: CellStore
  private let plan: SamplingPlan
  private let gaussian: GaussianStatistics?

  /// An analysis.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - settings: What is measured.
  ///   - store: Where cells are kept; its identity names the model and the program.
  /// - Throws: An error if the sampler has no such number of steps.
  public init(_ model: StudiedModel, _ settings: Settings, in store: CellStore) throws {
    (self.model, self.store) = (model, store)
    var settings = settings
    settings.steps = Set(settings.steps).sorted(by: >)
    self.settings = settings
    plan = try model.plan(steps: settings.samplerSteps, visiting: settings.steps)
    gaussian = try model.model.gaussian(model.shape, on: model.backend)
  }

  /// Measures what is not there yet; see ``NetworkAnalysis/run(shouldStop:progress:)``.
  public func run(
    shouldStop: @escaping () -> Bool = { false },
    progress: @escaping (_ phase: String, _ done: Int, _ total: Int) -> Void = { _, _, _ in }
  ) throws -> PotentialFindings? {
    let watch = StudyProgress(shouldStop: shouldStop, report: progress)
    do {
      watch.begin("runs", total: 2 * settings.pairs * plan.steps.count)
      let pairs = try (0..<settings.pairs).map { try states(of: $0, watch) }
      watch.begin("potentials", total: settings.steps.count * settings.pairs * settings.arc.angles.count)
      let curves = try settings.steps.map { step in
        let found = try pairs.indices.map { try curve(at: step, of: $0, pairs[$0], watch) }
        return PotentialFindings.Curve(
          step: step, pairs: found.map(\.model), gaussian: gaussian == nil ? nil : found.map { $0.gaussian ?? [] })
      }
      return PotentialFindings(angles: settings.arc.angles, curves: curves, dimension: model.shape.count)
    } catch is StudyStop {
      return nil
    }
  }

  private struct CellSettings: Codable {
    var pair: Int
    var seed: UInt64
    var samplerSteps: Int
    /// The steps at which runs stop, since these change the runs.
    var visiting: [Int]
    var step: Int?
    var angles: [Double]?
  }

  private func cellSettings(_ pair: Int, step: Int? = nil) -> CellSettings {
    .init(
      pair: pair, seed: settings.seed, samplerSteps: settings.samplerSteps, visiting: settings.steps, step: step,
      angles: step == nil ? nil : settings.arc.angles)
  }

  /// The states of both samples of a pair at the study's steps, `[steps, 2, channels, height, width]`.
  private func states(of pair: Int, _ watch: StudyProgress) throws -> [Float] {
    let cell = try store.cell("runs-\(pair)", cellSettings(pair)), path = store.path(of: cell, "npy")
    _ = try store.result(of: cell, with: ["npy"], wasKnown: { watch.advance(by: 2 * plan.steps.count) }) {
      let seeds = [0, 1].map { settings.seed &+ UInt64(2 * pair + $0) }
      var states: [Int: [Float]] = [:]
      _ = try model.samples(plan, seeds: seeds, watch) { _, step, before, _ in
        let timestep = Int(step.from.timestep)
        // A batch of one holds one sample of the pair at a time.
        if settings.steps.contains(timestep) { states[timestep, default: []] += try before.values() }
      }
      let values = settings.steps.flatMap { states[$0] ?? [] }
      try OutputFile.write(
        NumpyArray(values, shape: [settings.steps.count, 2] + model.rowShape).encoded(), to: path)
      return seeds
    }
    return try NumpyArray(contentsOf: path).floats
  }

  /// The potential of one pair at every angle.
  private struct PairCurve: Codable {
    var model: [Double]
    var gaussian: [Double]?
  }

  private func curve(at step: Int, of pair: Int, _ states: [Float], _ watch: StudyProgress) throws -> PairCurve {
    let cell = try store.cell("potential-\(step)-\(pair)", cellSettings(pair, step: step))
    let curve = try store.result(of: cell) {
      try watch.check()
      let place = settings.steps.firstIndex(of: step) ?? 0, size = model.shape.count
      let ends = Array(states[2 * place * size..<2 * (place + 1) * size])
      func potential(_ denoiser: any Denoiser) throws -> [Double] {
        try settings.arc.potential(
          through: model.tensor(ends, 0..<2), of: denoiser, at: model.schedule.level(at: step), batch: model.batch)
      }
      let curve = PairCurve(
        model: try potential(model.denoiser), gaussian: try gaussian.map { try potential(GaussianDenoiser($0)) })
      guard curve.model.allSatisfy(\.isFinite) else { throw StudyError.notFinite("potentials at step \(step)") }
      return curve
    }
    watch.advance(by: settings.arc.angles.count)
    return curve
  }
}
