import Compute
import Diffusion
import Evaluation
import Models
import Tensors

/// How the samples of a run begin late, with what that takes on the device.
struct LateStart {
  /// How a state is made.
  let initialization: LateStartInitialization
  /// The class whose Gaussian each sample begins with, by its place in the run; empty for other starts.
  let labels: [Int]
  /// Bytes of means and bases on the device.
  let bytes: Int

  /// The start of a run's settings, or nil for a run that does not begin late.
  ///
  /// - Throws: ``PipelineError`` if the model lacks the statistics, or an error of their file.
  init?(_ model: any DiffusionModel, _ settings: SamplingSettings, _ shape: ImageShape, on backend: any Backend) throws
  {
    guard case .late(_, let kind) = settings.start else { return nil }
    var gaussians: [GaussianStatistics] = [], labels: [Int] = []
    switch kind {
    case .noise: initialization = .noise
    case .gaussian, .flow:
      guard let gaussian = try model.gaussian(shape, on: backend) else {
        throw PipelineError.noStatistics(model: model.name, kind: kind)
      }
      gaussians = [gaussian]
      initialization = kind == .gaussian ? .gaussian(gaussian) : .flow(gaussian)
    case .classGaussian:
      guard let statistics = try model.classStatistics(shape) else {
        throw PipelineError.noClassStatistics(model: model.name)
      }
      labels = try settings.startLabels(statistics)
      var classes: [Int: GaussianStatistics] = [:]
      for label in Set(labels) { classes[label] = try statistics.statistics(of: label).gaussian(on: backend) }
      gaussians = Array(classes.values)
      initialization = .classGaussian(classes)
    }
    self.labels = labels
    bytes = gaussians.reduce(0) { $0 + 4 * ($1.eigenvalues.count + 1) * $1.dimension }
  }

  /// The state of some samples at a level.
  ///
  /// - Parameters:
  ///   - noise: The source of their normals.
  ///   - rows: Their places in the run.
  ///   - level: The level to start at.
  ///   - schedule: The noise levels of the model's training steps.
  func state(
    _ noise: any NoiseSource, of rows: Range<Int>, at level: NoiseLevel, _ schedule: NoiseSchedule
  ) throws -> Tensor {
    let normals =
      switch initialization {
      case .gaussian, .classGaussian: try noise.freshNoise()
      case .flow, .noise: try noise.initialNoise()
      }
    // Where a sampler of few steps begins from the prior, noise is not yet the data's Gaussian; at the last step it is.
    let top = schedule.level(at: schedule.last)
    var state = normals
    if case .flow = initialization, schedule.isVarianceExploding { state = normals.scaled(by: top.sigma) }
    func states(from normals: Tensor, of places: Range<Int>) -> Tensor {
      initialization.state(
        from: normals, at: level, top: top, labels: labels.isEmpty ? [] : Array(labels[places]))
    }
    if case .noise = initialization { return states(from: state, of: rows) }
    // One sample after the other: a library's product rounds a row by its place in the batch, on which no sample may depend.
    var values: [Float] = []
    for (row, place) in rows.enumerated() {
      values += try states(from: state.selectingRows([row]), of: place..<place + 1).values()
    }
    return Tensor(values, shape: state.shape, on: state.backend)
  }
}

extension SamplingSettings {
  /// The class whose Gaussian each sample begins with: its own, or in a run without classes one drawn by its seed.
  ///
  /// - Throws: ``PipelineError/startClass(label:count:)`` if the statistics have no such class.
  func startLabels(_ statistics: ClassStatistics) throws(PipelineError) -> [Int] {
    let labels = labels(of: seeds.indices) ?? seeds.map { statistics.label(ofSeed: $0) }
    if let label = labels.first(where: { $0 >= statistics.count }) {
      throw .startClass(label: label, count: statistics.count)
    }
    return labels
  }
}
