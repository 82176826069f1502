public import Compute
import Datasets
import DiffusersFormat
import Diffusion
public import Files
import Foundation
import Networks
import Training

/// An open training of a denoiser.
public struct DenoiserTraining {
  /// The run.
  public let pipeline: TrainingPipeline
  let network: UNet
  let schedulerJSON: JSONValue
  let dataPath: String

  /// Writes the averages of the weights as a model, with the statistics of the data.
  public func export(to directory: String, as type: SafetensorsType) throws {
    let statistics = try ImageStatistics(of: Dataset.open(dataPath))
    try pipeline.trainer.withAverages {
      try ModelExport.write(network, scheduler: schedulerJSON, statistics: statistics, as: type, to: directory)
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
    let set = try openData(note), settings = try runSettings()
    let configuration = try unetConfiguration(set, settings)
    let network = try UNet(configuration, parameters: InitialParameters(seed: settings.seed))
    let schedulerJSON = try schedulerDocument(scheduler, settings)
    let path = scheduler ?? "scheduler_config.json"
    let schedulerConfiguration = try SchedulerConfiguration(schedulerJSON, path: path)
    let schedule = try Scheduler(schedulerConfiguration).schedule
    let task = DiffusionTask(network, schedule, settings)
    let pipeline = try TrainingPipeline(
      task, settings, set, output,
      sampler: output.samplesEvery == nil ? nil : TrainingSampler(network, schedulerConfiguration), resumes: resumes,
      on: backend)
    pipeline.announce(note)
    return DenoiserTraining(pipeline: pipeline, network: network, schedulerJSON: schedulerJSON, dataPath: data)
  }

  private func unetConfiguration(_ set: TrainingSet, _ settings: TrainingSettings) throws -> UNetConfiguration {
    if let label = settings.label, !set.labels.indices.contains(label) {
      throw PipelineError("--label \(label): \(data) has \(set.labels.count) kinds of label, counted from 0")
    }
    let classes = settings.label.map(set.classCount)
    let shape = set.shape
    guard let path = configuration else {
      guard shape.height % 4 == 0, shape.width % 4 == 0 else {
        throw PipelineError(
          "\(data): images of \(shape); the small network needs multiples of 4, name another by --config")
      }
      var result = UNetConfiguration.small(
        channels: shape.channels, size: .init(height: shape.height, width: shape.width), classes: classes)
      result.dropout = settings.dropout ?? 0
      return result
    }
    var result = try UNetConfiguration(JSONValue(contentsOf: path), path: path)
    guard result.inputChannels == shape.channels, result.outputChannels == shape.channels else {
      throw PipelineError("\(path): a network of \(result.inputChannels) channels for images of \(shape)")
    }
    guard shape.height % result.sizeDivisor == 0, shape.width % result.sizeDivisor == 0 else {
      throw PipelineError(
        "\(path): the network's levels need multiples of \(result.sizeDivisor), the images are \(shape)")
    }
    if let classes {
      guard let rows = result.classCount, rows > classes else {
        throw PipelineError(
          "\(path): num_class_embeds must be at least \(classes + 1), one for each class and one for none")
      }
    } else if result.classEmbedding != .none {
      throw PipelineError("\(path): the network has classes; name the kind of label by --label")
    }
    result.sampleSize = .init(height: shape.height, width: shape.width)
    if let dropout = settings.dropout { result.dropout = dropout }
    return result
  }

  /// The scheduler's configuration, with what the network is trained to predict.
  private func schedulerDocument(_ scheduler: String?, _ settings: TrainingSettings) throws -> JSONValue {
    var members = SchedulerConfiguration.ddpm.values
    if let scheduler {
      let json = try JSONValue(contentsOf: scheduler)
      guard let own = json.object else { throw PipelineError("\(scheduler): a scheduler's configuration is an object") }
      members = own
    }
    members["prediction_type"] = .string(settings.prediction.rawValue)
    return .object(members)
  }
}
