import Compute
import Diffusion
import Files
public import Models
import SymmetryBreaking
public import Tensors

/// What becomes of a model's samples and when: clones, U-turns, decision times, and what denoising losses tell.
///
/// Samples are drawn by the paper's DDPM and classified by a classifier's first head. At each of some training steps they are cloned
/// (the state goes on with fresh noise) and turned (the finished sample is noised to the step and drawn again): the share of pairs that
/// agree is `phi`, see `ClassAgreement`. Along the runs the estimates of the clean image are classified too, which gives each sample's
/// decision time. Samples are measured in blocks, each a cell on disk.
public struct DynamicsAnalysis {
  /// What is measured.
  public struct Settings: Sendable, Hashable {
    /// Training steps at which samples are cloned and turned, at least two.
    public var steps: [Int]
    /// Samples; at least two.
    public var count = 200
    /// The seed of the first sample.
    public var seed: UInt64 = 0
    /// Steps of the sampler.
    public var samplerSteps = 50
    /// Images of which denoising losses are taken; of the data where there are some, else of the samples.
    public var lossImages = 128
    /// How many samples the data are, for the collapse, where the model itself does not know.
    public var dataCount: Int?

    /// Settings with the defaults, for some steps.
    public init(steps: [Int]) {
      self.steps = steps
    }
  }

  /// Samples of a cell, whatever fits into memory together.
  static let blockSize = 50

  let model: StudiedModel
  let classify: (Tensor) throws -> [Int]
  let settings: Settings
  let store: CellStore
  let plan: SamplingPlan
  let gaussian: GaussianStatistics?
  let images: [Float]?

  /// An analysis.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - classifier: A classifier that takes the model's samples.
  ///   - settings: What is measured.
  ///   - images: Clean images for the denoising losses, in the range of the model; nil for the samples themselves.
  ///   - store: Where cells are kept; its identity names the model, the classifier, the images and the program.
  /// - Throws: `ModelError` for a classifier of other images, or an error if the sampler has no such number of steps.
  public init(
    _ model: StudiedModel, classifier: ClassifierModel, _ settings: Settings, images: [Float]? = nil,
    in store: CellStore
  ) throws {
    try classifier.check(model)
    try self.init(model, settings, images: images, in: store) { try classifier.classes(of: $0) }
  }

  /// An analysis by any answer to samples, such as the side of a plane on which they lie.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - settings: What is measured.
  ///   - images: Clean images for the denoising losses; nil for the samples themselves.
  ///   - store: Where cells are kept.
  ///   - classify: The class of every row.
  /// - Throws: An error if the sampler has no such number of steps.
  public init(
    _ model: StudiedModel, _ settings: Settings, images: [Float]? = nil, in store: CellStore,
    classify: @escaping (Tensor) throws -> [Int]
  ) throws {
    (self.model, self.classify, self.store, self.images) = (model, classify, store, images)
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
  ) throws -> DynamicsFindings? {
    let watch = StudyProgress(shouldStop: shouldStop, report: progress)
    do {
      let blocks = blocks
      watch.begin("runs", total: settings.count * plan.steps.count)
      let runs = try blocks.map { try run(of: $0, watch) }
      watch.begin(
        "clones and U-turns", total: 2 * settings.steps.reduce(0) { $0 + settings.count * rest(from: $1).steps.count })
      let agreements = try settings.steps.map { step -> (step: Int, ends: PairEnds) in
        var ends = PairEnds(first: runs.flatMap(\.classes))
        for (place, block) in blocks.enumerated() {
          ends.clones += try classes(of: .clone, block, at: step, runs[place], watch)
          ends.turns += try classes(of: .turn, block, at: step, runs[place], watch)
        }
        return (step, ends)
      }
      let losses = try losses(of: runs, watch)
      return DynamicsFindings(
        pairs: agreements, levels: plan.steps.map(\.from.timestep),
        decisions: decisions(of: runs), losses: losses,
        speciation: speciation, collapse: try collapse(losses))
    } catch is StudyStop {
      return nil
    }
  }

  /// The classes of samples and of what was drawn beside them.
  struct PairEnds {
    var first: [Int]
    var clones: [Int] = []
    var turns: [Int] = []
  }

  /// The places of the samples of each cell.
  private var blocks: [Range<Int>] {
    stride(from: 0, to: settings.count, by: Self.blockSize).map { $0..<min($0 + Self.blockSize, settings.count) }
  }

  /// The part of the plan below a step.
  func rest(from step: Int) -> SamplingPlan {
    plan.dropping(first: plan.steps.firstIndex { Int($0.from.timestep) == step } ?? 0)
  }

  /// The place in the plan from which on each sample's class no longer changes.
  private func decisions(of runs: [Run]) -> [Int] {
    runs.flatMap { decisionPlaces(of: $0.answers) }
  }

  /// Where the exact score of the model's data falls onto single ones of them; nil where their number is not known or it does not.
  ///
  /// Of the model's error and the Gaussian's the smaller one counts: both are at least the exact denoiser's.
  private func collapse(_ losses: [DynamicsFindings.Loss]) throws -> DynamicsFindings.Collapse? {
    guard let count = try model.model.dataCount() ?? settings.dataCount, count > 1, losses.count > 1 else { return nil }
    let rising = losses.reversed()
    let profile = EntropyProfile(
      karrasSigmas: rising.map(\.karrasSigma), losses: rising.map { min($0.error, $0.gaussianError ?? .infinity) })
    return profile.collapseSigma(samples: count).flatMap { model.schedule.firstStep(below: 1 / (1 + $0 * $0)) }.map {
      .init(step: $0, images: count)
    }
  }

  /// The step at which the leading variance of the data equals the noise's, or nil where it is not known.
  private var speciation: Int? {
    guard let variance = gaussian?.eigenvalues.first, variance > 0 else { return nil }
    return CriticalCriterion.speciation.alphaBar(leadingVariance: variance).flatMap {
      model.schedule.firstStep(below: $0)
    }
  }
}
