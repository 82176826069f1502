public import Compute
import Datasets
import Diffusion
import DiffusersFormat
import Evaluation
public import Files
import Models
import Networks
import Tensors
import Training

/// An open training of a denoiser.
public struct DenoiserTraining {
  /// The run.
  public let pipeline: TrainingPipeline
  let network: UNet
  let scheduler: SchedulerConfiguration

  /// Writes the EMA weights as a model, with the statistics of the data if there are at least two images.
  public func export(to directory: String, as type: SafetensorsType) throws {
    let statistics = pipeline.data.count < 2 ? nil : try ImageStatistics(of: pipeline.data.source())
    try pipeline.trainer.withEMA {
      try ModelExport.write(network, scheduler: scheduler, statistics: statistics, as: type, to: directory)
    }
  }
}

extension TrainingStart {
  /// Reads the data, builds a U-Net and opens its training.
  ///
  /// - Parameters:
  ///   - backend: The device.
  ///   - note: Told what the user should know.
  public func denoiser(on backend: any Backend, note: (String) -> Void) throws -> DenoiserTraining {
    let (set, data) = try openData(channels: channels(of: UNetConfiguration.self), note)
    let configuration = try unetConfiguration(set), scheduler = try schedulerConfiguration()
    let network = try UNet(configuration, parameters: initialParameters)
    let sampling = try Scheduler(scheduler), schedule = sampling.schedule
    guard case .predicts = sampling.parametrization else {
      throw PipelineError.unscaledTraining(scheduler: scheduler.className ?? "the scheduler")
    }
    let own = TrainingRecord(
      network: configuration.json, scheduler: scheduler.json, data: data, output: plan,
      origin: try origin, on: backend)
    record?.compareDevice(with: own, note)
    let pipeline = try TrainingPipeline(
      DiffusionTask(network, schedule, settings), set, self, own,
      sampler: plan.samplesEvery == 0 ? nil : TrainingSampler(network, scheduler), on: backend)
    pipeline.announce(note)
    return DenoiserTraining(pipeline: pipeline, network: network, scheduler: scheduler)
  }

  /// The network, whose labels the images have.
  private func unetConfiguration(_ set: ImageSet) throws -> UNetConfiguration {
    if let label = settings.label, !set.labels.indices.contains(label) {
      throw PipelineError.label(kind: label, data: try dataPath, kinds: set.labels.count)
    }
    return try configuration {
      try namedConfiguration(set)
    } check: {
      try check($0, set, path: $1)
    }
  }

  private func namedConfiguration(_ set: ImageSet) throws -> UNetConfiguration {
    let shape = set.shape
    if case .denoiser(let model) = request.origin { return try ownConfiguration(of: model, set) }
    guard let path = request.configuration else {
      guard shape.height % 4 == 0, shape.width % 4 == 0 else {
        throw PipelineError.unfitForSmallNetwork(data: try dataPath, shape: shape)
      }
      var result = UNetConfiguration.small(
        channels: shape.channels, size: shape.size, classes: settings.label.map(set.classCount))
      result.dropout = settings.dropout ?? 0
      return result
    }
    return try fitted(UNetConfiguration(JSONValue(contentsOf: path), path: path), set, path: path)
  }

  /// The network of the model that the run begins with.
  private func ownConfiguration(of model: Model, _ set: ImageSet) throws -> UNetConfiguration {
    guard let network = model.network as? UNet else { throw PipelineError.originNetwork(model: model.name) }
    return try fitted(network.configuration, set, path: model.name)
  }

  /// A configuration with the size of the images, which it takes, and the dropout that is asked for.
  private func fitted(_ network: UNetConfiguration, _ set: ImageSet, path: String) throws -> UNetConfiguration {
    try check(network, set, path: path)
    var result = network
    result.sampleSize = set.shape.size
    if let dropout = settings.dropout { result.dropout = dropout }
    return result
  }

  /// Whether a network takes the images and their labels.
  private func check(_ network: UNetConfiguration, _ set: ImageSet, path: String) throws {
    let shape = set.shape
    guard network.inputChannels == shape.channels, network.outputChannels == shape.channels else {
      throw FileError(path, "a network of \(network.inputChannels) channels for images of \(shape)")
    }
    guard shape.height % network.sizeDivisor == 0, shape.width % network.sizeDivisor == 0 else {
      throw FileError(path, "the network's levels need multiples of \(network.sizeDivisor), the images are \(shape)")
    }
    if let classes = settings.label.map(set.classCount) {
      guard let rows = network.classCount, rows > classes else {
        throw FileError(
          path, "num_class_embeds must be at least \(classes + 1), one for each class and one for none")
      }
    } else if network.classEmbedding != .none {
      throw PipelineError.unnamedLabel(configuration: path)
    }
  }

  /// The scheduler's configuration, with what the network is trained to predict.
  private func schedulerConfiguration() throws -> SchedulerConfiguration {
    var named = try request.scheduler.map { try SchedulerConfiguration(contentsOf: $0) } ?? .training
    if case .denoiser(let model) = request.origin, let own = model.scheduler { named = own }
    let asked = named.predicting(settings.prediction)
    guard let recorded = record?.scheduler else { return asked }
    if let path = request.scheduler { try compare(asked.json, recorded, source: path) }
    return try SchedulerConfiguration(recorded, path: name(of: "scheduler"))
  }
}
