public import Compute
import Diffusion
import Evaluation
import Files
public import Models
public import Pipelines
import Tensors

/// A scan of late starts: each sampler, number of steps, start and kind of start is one cell, whose samples are measured in the features of
/// a network, a classifier's or Inception's.
///
/// ```swift
/// let scan = try LateStartScan(model, settings, classifier: classifier, reference: reference, in: "scan", version: "1", on: backend)
/// let findings = try scan.run()
/// ```
///
/// All cells have the same seeds. Finished cells lie on disk, so that a scan which was stopped goes on (``CellStore``); samples stay in
/// memory. They are clamped to [-1, 1] and rounded to 8 bits before they are measured, as real images are.
public struct LateStartScan {
  /// The model.
  public let model: any DiffusionModel
  /// What is run.
  public let settings: LateStartScanSettings
  /// What messages call the network in whose features the samples are measured.
  public var classifierName: String { classifier.name }
  /// What the samples are compared with.
  public let reference: ScanReference
  /// Where the cells lie.
  public let store: CellStore

  let classifier: any FeatureExtractor
  let backend: any Backend
  let gaussian: GaussianStatistics

  /// Checks that everything fits, before any work is done, and opens the folder of the scan.
  ///
  /// - Parameters:
  ///   - model: The model, with the statistics of its data.
  ///   - settings: What is run.
  ///   - files: SHA-256 of files that were read besides the model's own, by name.
  ///   - classifier: Whose features are measured; Inception's have no classes, so that entropies are left out.
  ///   - reference: What the samples are compared with, in the features of that network.
  ///   - folder: Where cells and reports are written.
  ///   - machine: The arithmetic, which all cells of a folder share.
  ///   - version: The program's version.
  ///   - backend: The device.
  /// - Throws: An error in one line: of a setting, of the model, or ``StudyError``.
  public init(
    _ model: any DiffusionModel, _ settings: LateStartScanSettings, files: [String: String] = [:],
    classifier: any FeatureExtractor, reference: ScanReference, in folder: String, machine: RunRecord.Machine,
    version: String,
    on backend: any Backend
  ) throws {
    self.model = model
    self.settings = settings
    self.classifier = classifier
    self.reference = reference
    self.backend = backend
    gaussian = try Self.check(model, settings, classifier, reference, on: backend)
    store = try CellStore(
      folder,
      Self.identity(
        model, settings, gaussian, files: files, classifier, reference, machine: machine, version: version))
  }

  /// Checks everything that a cell could fail on, and reads the Gaussian of the data.
  private static func check(
    _ model: any DiffusionModel, _ settings: LateStartScanSettings, _ classifier: any FeatureExtractor,
    _ reference: ScanReference, on backend: any Backend
  ) throws -> GaussianStatistics {
    guard !settings.cells.isEmpty else { throw StudyError.missing("the scan has no cells") }
    let shape = try model.sampleShape(settings.base.size), count = settings.base.seeds.count
    try classifier.check(shape, path: model.name)
    guard count >= 2 else { throw EvaluationError.tooFewImages(path: "the scan", count: count, needed: 2) }
    if case .features(let features, let name, _) = reference.origin {
      try features.check(try classifier.extractor, path: name)
    }
    try reference.check(count: count)
    guard let gaussian = try model.gaussian(shape, on: backend) else {
      throw StudyError.missing(
        "\(model.name): holds no statistics of its data, which every table's row of the Gaussian itself takes; name a file of them"
      )
    }
    // One pipeline a plan finds what is wrong with any cell, at no cost beside those of its runs.
    for cell in settings.cells { try checkPlan(of: cell, settings, model) }
    if let cell = settings.cells.first { _ = try SamplingPipeline(model, settings.sampling(cell), on: backend) }
    return gaussian
  }

  private static func checkPlan(
    of cell: ScanCell, _ settings: LateStartScanSettings, _ model: any DiffusionModel
  ) throws {
    let sampling = try settings.sampling(cell)
    do throws(NumberFault) {
      try cell.steps.checked(in: 1...SamplerError.largestSteps)
    } catch {
      throw PipelineError.number(setting: "steps", fault: error)
    }
    let scheduler = try model.scheduler(sampling.sampler, sampling.options, clipSample: sampling.clipSample).scheduler
    guard let start = cell.start else {
      _ = try scheduler.plan(steps: cell.steps)
      return
    }
    guard (1...scheduler.schedule.last).contains(start) else {
      throw PipelineError.start(timestep: start, last: scheduler.schedule.last)
    }
    _ = try scheduler.plan(steps: cell.steps, startingAt: start)
  }

  /// Everything that all cells depend on.
  private static func identity(
    _ model: any DiffusionModel, _ settings: LateStartScanSettings, _ gaussian: GaussianStatistics,
    files: [String: String],
    _ classifier: any FeatureExtractor, _ reference: ScanReference, machine: RunRecord.Machine, version: String
  ) throws -> StudyIdentity {
    func texts(_ values: [String: String]) -> JSONValue { .object(values.mapValues { .string($0) }) }
    let schedule = try model.scheduler(.model, .init(), clipSample: true).scheduler
    let statistics = try gaussian.mean.values() + gaussian.eigenvalues.map { Float($0) } + [Float(gaussian.remainder)]
    return StudyIdentity(
      "late-start scan",
      [
        "version": .string(version), "model": .string(model.name), "model_sha256": texts(try model.fingerprints()),
        "files_sha256": texts(files), "schedule_sha256": .string(sha256(of: schedule.schedule.alphaBars)),
        "prediction": .string("\(schedule.parametrization)"), "statistics_sha256": .string(sha256(of: statistics)),
        "classifier": .string(classifier.name),
        "classifier_sha256": .string(try classifier.extractor.sha256), "reference_sha256": texts(reference.digests),
        "count": .number(Double(settings.base.seeds.count)),
        "precision": .string(machine.precision.rawValue), "exact": .boolean(machine.isExact),
      ])
  }
}
