import Compute
public import Datasets
import DiffusersFormat
import Diffusion
import Networks

extension SamplingPipeline {
  /// The configuration of the chosen sampler.
  static func schedulerConfiguration(
    _ model: Model, _ choice: SamplerChoice, notices: inout [String]
  ) throws -> SchedulerConfiguration {
    let defaults = SchedulerConfiguration(
      ["_class_name": .string("DDPMScheduler")], source: "the defaults of DDPMScheduler")
    switch choice {
    case .configuration(let configuration): return configuration
    case .named(let name): return try name.configuration(for: model.scheduler ?? defaults)
    case .model:
      if let scheduler = model.scheduler { return scheduler }
      notices.append("\(model.name): holds no scheduler; DDPM with its defaults is used")
      return defaults
    }
  }

  static func className(_ configuration: SchedulerConfiguration) -> String {
    configuration.className ?? "DDPMScheduler"
  }

  /// The extents of the images of a run: as the settings say, else as the model does.
  public static func imageShape(_ model: Model, _ settings: SamplingSettings) throws -> ImageShape {
    if let data = settings.data {
      guard settings.size.map({ $0.height == data.shape.height && $0.width == data.shape.width }) ?? true else {
        throw PipelineError("--size: the images of \(data.path) are \(data.shape)")
      }
      return data.shape
    }
    if let size = settings.size { return model.imageShape(height: size.height, width: size.width) }
    if let shape = model.imageShape { return shape }
    throw PipelineError("\(model.name): its configuration names no sample_size; say --size HEIGHTxWIDTH")
  }

  /// Whether the network takes such images and labels, and recorded noise and images are as many as the seeds.
  static func check(_ model: Model, _ settings: SamplingSettings, _ shape: ImageShape) throws {
    if let data = settings.data {
      guard settings.classLabel == nil else {
        throw PipelineError("--class: the exact score of \(data.path) is that of all its images")
      }
    } else {
      try checkNetwork(model, settings, shape)
    }
    let count = settings.seeds.count * shape.count
    if case .images(_, let images) = settings.start, images.count != count {
      throw PipelineError("--input-images: \(images.count) values for \(settings.seeds.count) images of \(shape)")
    }
    guard let recorded = settings.recorded else { return }
    guard recorded.initial.count == count else {
      throw PipelineError(
        "--initial-noise: \(recorded.initial.count) values for \(settings.seeds.count) images of \(shape)")
    }
    guard recorded.draws.allSatisfy({ $0.count == count }) else {
      throw PipelineError("--step-noise: a draw does not hold \(settings.seeds.count) images of \(shape)")
    }
  }

  private static func checkNetwork(_ model: Model, _ settings: SamplingSettings, _ shape: ImageShape) throws {
    guard settings.guidance == 1 || model.network.configuration.classCount != nil else {
      throw PipelineError("--guidance: \(model.name) has no table of classes")
    }
    do {
      try model.network.checkInput(
        shape: [1, shape.channels, shape.height, shape.width], timesteps: [1],
        classLabels: settings.classLabel.map { [Double($0)] })
    } catch {
      let hint = settings.classLabel == nil ? "" : " (--class)"
      throw PipelineError("\(model.name): \(error)\(hint)")
    }
  }

  static func initialization(
    _ model: Model, _ settings: SamplingSettings, _ shape: ImageShape, on backend: any Backend
  ) throws -> LateStartInitialization? {
    guard case .late(_, let kind) = settings.start else { return nil }
    if kind == .noise { return .noise }
    guard let statistics = model.statistics else {
      throw PipelineError(
        "\(model.name): holds no statistics of its data, which --late-start-init \(kind.rawValue) needs; make them with "
          + "`diffuse-gpu statistics` or name a file with --statistics")
    }
    guard statistics.shape == shape else {
      throw PipelineError("the statistics are of images of \(statistics.shape), the run's are of \(shape)")
    }
    let gaussian = statistics.gaussian(on: backend)
    return kind == .gaussian ? .gaussian(gaussian) : .flow(gaussian)
  }
}

extension SamplingPipeline {
  /// A model's scheduler in one line, or nil if its directory holds none; throws if it could not be sampled with.
  public static func schedulerDescription(_ model: Model) throws -> String? {
    guard let configuration = model.scheduler else { return nil }
    let scheduler = try Scheduler(configuration)
    return
      "\(className(configuration)), \(scheduler.schedule.count) training steps, predicts \(scheduler.predictionType.rawValue)"
  }
}
