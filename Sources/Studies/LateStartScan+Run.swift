import Compute
import Datasets
import Diffusion
import Evaluation
import Files
import Models
import Pipelines
import Tensors

extension LateStartScan {
  /// How far a scan is.
  public struct Progress: Sendable, Hashable {
    /// The cell that runs, or nil between two.
    public let cell: ScanCell?
    /// Cells that are finished, those of earlier runs of the scan among them.
    public let finishedCells: Int
    /// Cells in all.
    public let cells: Int
    /// Images times steps that this run of the scan has done.
    public let done: Int
    /// Images times steps that were missing when it began.
    public let missing: Int
  }

  /// What a cell's key depends on besides the study's identity.
  private struct Settings: Encodable {
    let sampling: SamplingSettings?
    let bootstrap: Bootstrap?
  }

  /// Runs the cells that are missing, one after the other.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked before every step; a cell that is stopped begins anew next time.
  ///   - progress: Called after every step.
  /// - Returns: What all cells found, or nil if the scan was stopped.
  /// - Throws: An error of a run or of the folder.
  public func run(
    shouldStop: () -> Bool = { false }, progress: (Progress) -> Void = { _ in }
  ) throws -> ScanFindings? {
    guard let results = try results(of: settings.cells, shouldStop: shouldStop, progress: progress) else { return nil }
    let data = try referenceFeatures { _ in }
    let real = try yardstick("real", data) { try realFeatures() }
    let drawn = try yardstick("gaussian", data) { try classifier.features(of: gaussianImages(), on: backend) }
    return try findings(results, data, real: real, gaussian: drawn)
  }

  /// Runs what is missing of some cells, those of the settings or others beside them.
  ///
  /// - Parameters:
  ///   - cells: The cells, none twice.
  ///   - shouldStop: Asked before every step; a cell that is stopped begins anew next time.
  ///   - progress: Called after every step.
  /// - Returns: What each cell found, or nil if the scan was stopped.
  /// - Throws: An error of a run or of the folder.
  public func results(
    of cells: [ScanCell], shouldStop: () -> Bool = { false }, progress: (Progress) -> Void = { _ in }
  ) throws -> [ScanResult]? {
    var results: [ScanCell: ScanResult] = [:]
    for cell in cells { results[cell] = try store.result(of: stored(cell), with: endings) }
    let missing = cells.filter { results[$0] == nil }, count = settings.base.seeds.count
    var done = 0
    let total = missing.reduce(reference.work(count: count)) { $0 + $1.steps * count }
    func report(_ cell: ScanCell?, _ more: Int) {
      progress(
        Progress(cell: cell, finishedCells: results.count, cells: cells.count, done: done + more, missing: total))
    }
    guard !shouldStop() else { return nil }
    let data = try referenceFeatures { report(nil, $0) }
    done = reference.work(count: count)
    for cell in missing {
      guard let result = try measure(cell, data, shouldStop: shouldStop, progress: { report(cell, $0) }) else {
        return nil
      }
      results[cell] = result
      done += cell.steps * count
      report(nil, 0)
    }
    return shouldStop() ? nil : cells.compactMap { results[$0] }
  }

  private var endings: [String] { settings.keepsImages ? ["npz", "images.npz"] : ["npz"] }

  /// A cell in the store; the batch changes no image and is no part of it.
  func stored(_ cell: ScanCell) throws -> CellStore.Cell {
    var sampling = try settings.sampling(cell)
    sampling.batch = nil
    return try store.cell(cell.name, Settings(sampling: sampling, bootstrap: settings.bootstrap))
  }

  /// Samples a cell's images, measures and keeps them; nil if it was stopped.
  private func measure(
    _ cell: ScanCell, _ data: FeatureReference, shouldStop: () -> Bool, progress: (Int) -> Void
  ) throws -> ScanResult? {
    let clock = ContinuousClock(), begin = clock.now
    let pipeline = try SamplingPipeline(model, settings.sampling(cell), on: backend)
    let images = SampledImages(cell.name, pipeline.imageShape), steps = pipeline.plan.steps.count
    let summary = try pipeline.run(
      shouldStop: shouldStop,
      progress: { state in
        // A plan may have more steps than were asked for; the cell counts as it was asked.
        let part = Double(state.state.index + 1) / Double(steps) * Double(cell.steps)
        progress(state.finishedImages * cell.steps + Int(Double(state.seeds.count) * part))
      }, finished: { images.append($0.values) })
    guard !summary.wasStopped else { return nil }
    let set = try classifier.features(of: images, on: backend), stored = try stored(cell)
    let result = ScanResult(
      cell: cell, evaluations: summary.evaluations, firstStep: pipeline.plan.steps[0].from.timestep,
      limit: pipeline.scheduler.sampler.limit.words,
      measures: try ScanMeasures(set, data, settings.bootstrap, name: cell.name))
    let path = store.path(of: stored, "npz")
    try OutputFile.write(set.archive(path: path, by: classifier.extractor), to: path)
    if settings.keepsImages { try ScanArrays.write(images, to: store.path(of: stored, "images.npz")) }
    try store.keep(result, of: stored, seconds: (clock.now - begin).inSeconds)
    return result
  }

  /// Measures of images that no network drew, kept like a cell.
  private func yardstick(_ name: String, _ data: FeatureReference, _ images: () throws -> FeatureSet) throws
    -> ScanMeasures
  {
    let cell = try store.cell(
      name, Settings(sampling: SamplingSettings(seeds: settings.base.seeds), bootstrap: settings.bootstrap))
    return try store.result(of: cell) { try ScanMeasures(images(), data, settings.bootstrap, name: name) }
  }

  /// Images of the Gaussian with the data's moments, one a seed: what a late start from it would be with nothing after it.
  func gaussianImages() throws -> SampledImages {
    let shape = try model.sampleShape(settings.base.size), seeds = settings.base.seeds
    let images = SampledImages("the Gaussian itself", shape)
    for first in stride(from: 0, to: seeds.count, by: 250) {
      let some = Array(seeds[first..<min(first + 250, seeds.count)])
      let noise = SeededNoise(
        seeds: some, sampleShape: [shape.channels, shape.height, shape.width], on: backend
      ).freshNoise()
      images.append(try gaussian.gaussianState(from: noise, at: .clean).values())
    }
    return images
  }
}

extension DenoisedLimit {
  /// The limit in words.
  var words: String {
    switch self {
    case .none: "none"
    case .clip(let range): "clipped to +-\(range)"
    case .dynamic(let ratio, let maximum): "dynamic threshold at \(ratio), at most \(maximum)"
    }
  }
}
