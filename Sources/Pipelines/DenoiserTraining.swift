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

  /// Writes the EMA weights as a model, with the statistics of the data.
  public func export(to directory: String, as type: SafetensorsType) throws {
    let statistics = try ImageStatistics(of: pipeline.data.source())
    try pipeline.trainer.withEMA {
      try ModelExport.write(network, scheduler: scheduler, statistics: statistics, as: type, to: directory)
    }
  }
}

extension TrainingRequest {
  /// Reads the data, builds a U-Net and opens its training.
  ///
  /// - Parameters:
  ///   - scheduler: The path of the scheduler's configuration, or nil for DDPM's.
  ///   - backend: The device.
  ///   - note: Told what the user should know.
  public func denoiser(
    scheduler: String? = nil, on backend: any Backend, note: (String) -> Void
  ) throws -> DenoiserTraining {
    let channels = try configuration.map { path in
      try UNetConfiguration.read(JSONValue(contentsOf: path), path: path).configuration.inputChannels
    }
    let set = try openData(channels: channels, note), settings = try runSettings()
    let configuration = try unetConfiguration(set, settings)
    let network = try UNet(configuration, parameters: InitialParameters(seed: settings.seed))
    let scheduler = try schedulerConfiguration(scheduler, settings)
    let schedule = try Scheduler(scheduler).schedule
    let task = DiffusionTask(network, schedule, settings)
    let pipeline = try TrainingPipeline(
      task, settings, set, output,
      sampler: output.samplesEvery == nil ? nil : TrainingSampler(network, scheduler), resumes: resumes,
      on: backend)
    pipeline.announce(note)
    return DenoiserTraining(pipeline: pipeline, network: network, scheduler: scheduler)
  }

  private func unetConfiguration(_ set: ImageSet, _ settings: TrainingSettings) throws -> UNetConfiguration {
    if let label = settings.label, !set.labels.indices.contains(label) {
      throw PipelineError.label(kind: label, data: data, kinds: set.labels.count)
    }
    let classes = settings.label.map(set.classCount)
    let shape = set.shape
    guard let path = configuration else {
      guard shape.height % 4 == 0, shape.width % 4 == 0 else {
        throw PipelineError.unfitForSmallNetwork(data: data, shape: shape)
      }
      var result = UNetConfiguration.small(
        channels: shape.channels, size: shape.size, classes: classes)
      result.dropout = settings.dropout ?? 0
      return result
    }
    var result = try UNetConfiguration.read(JSONValue(contentsOf: path), path: path).configuration
    guard result.inputChannels == shape.channels, result.outputChannels == shape.channels else {
      throw FileError(path, "a network of \(result.inputChannels) channels for images of \(shape)")
    }
    guard shape.height % result.sizeDivisor == 0, shape.width % result.sizeDivisor == 0 else {
      throw FileError(path, "the network's levels need multiples of \(result.sizeDivisor), the images are \(shape)")
    }
    if let classes {
      guard let rows = result.classCount, rows > classes else {
        throw FileError(
          path, "num_class_embeds must be at least \(classes + 1), one for each class and one for none")
      }
    } else if result.classEmbedding != .none {
      throw PipelineError.unnamedLabel(configuration: path)
    }
    result.sampleSize = shape.size
    if let dropout = settings.dropout { result.dropout = dropout }
    return result
  }

  /// The scheduler's configuration, with what the network is trained to predict.
  private func schedulerConfiguration(
    _ path: String?, _ settings: TrainingSettings
  ) throws -> SchedulerConfiguration {
    let configuration = try path.map { try SchedulerConfiguration(contentsOf: $0) } ?? .training
    return configuration.predicting(settings.prediction)
  }
}
