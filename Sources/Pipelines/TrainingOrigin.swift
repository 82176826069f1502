import Diffusion
import DiffusersFormat
import Evaluation
import Files
public import Models
import Networks
import Training

/// The trained model that a new run begins with, in place of random weights: fine-tuning.
public enum TrainingOrigin {
  /// A denoiser; its network, its scheduler and what it predicts are those of the run.
  case denoiser(Model)
  /// A classifier, whose network is that of the run.
  case classifier(ClassifierModel)
}

extension TrainingOrigin {
  /// What messages call the model.
  var name: String {
    switch self {
    case .denoiser(let model): model.name
    case .classifier(let model): model.name
    }
  }

  /// The task of a run that begins with it.
  private var task: TrainingSettings.Task {
    switch self {
    case .denoiser: .diffusion
    case .classifier: .classifier
    }
  }

  /// Channels of the images that the network takes.
  var inputChannels: Int {
    switch self {
    case .denoiser(let model): model.network.inputChannels
    case .classifier(let model): model.network.configuration.inputChannels
    }
  }

  /// The weights.
  var parameters: any ParameterSource {
    switch self {
    case .denoiser(let model): ParameterList(model.network.parameters, configurationPath: name)
    case .classifier(let model): ParameterList(model.network.parameters, configurationPath: name)
    }
  }

  /// What checkpoints say of it: its name, and SHA-256 of its weights.
  func json() throws -> JSONValue {
    let digests =
      switch self {
      case .denoiser(let model): model.fingerprints()
      case .classifier(let model): ["classifier.safetensors": try model.extractor.sha256]
      }
    return .object(["model": .string(name), "weights": .object(digests.mapValues { .string($0) })])
  }

  /// The settings of a run that begins with it, which predicts what the model does.
  ///
  /// - Parameters:
  ///   - settings: Those of the request.
  ///   - named: Whether the request names what is predicted.
  /// - Throws: ``PipelineError`` if the model is of another task or another prediction than those asked for.
  func settings(_ settings: TrainingSettings, namesPrediction named: Bool) throws -> TrainingSettings {
    guard settings.task == task else { throw PipelineError.originTask(model: name, task: settings.task) }
    guard case .denoiser(let model) = self, let scheduler = model.scheduler,
      case .predicts(let type) = try Scheduler(scheduler).parametrization,
      type != settings.prediction
    else { return settings }
    guard !named else {
      throw PipelineError.originPredicts(
        model: name, predicts: type.rawValue, asked: settings.prediction.rawValue)
    }
    var result = settings
    result.prediction = type
    return result
  }
}

extension TrainingStart {
  /// The first weights of a run: those of the model that it begins with, or random ones.
  var initialParameters: any ParameterSource {
    request.origin?.parameters ?? InitialParameters(seed: settings.seed)
  }

  /// What checkpoints say of the model that the run began with; nil for random weights.
  var origin: JSONValue? {
    get throws { try request.origin?.json() ?? record?.origin }
  }
}
