public import Compute
public import Diffusion
public import Files
public import Models
import Networks
import Pipelines
public import Tensors

/// A model made ready for a study: on a device, with its schedule, its denoiser and the Gaussian with its data's moments.
public struct StudiedModel {
  /// The model.
  public let model: any DiffusionModel
  /// The class that everything is measured for, or nil.
  public let classLabel: Int?
  /// The device.
  public let backend: any Backend
  /// The extents of a sample.
  public let shape: ImageShape
  /// The paper's DDPM, which is DDIM with eta 1, over the noise levels of the model's training.
  public let scheduler: Scheduler
  /// The estimate of the clean data, without a predicted variance.
  public let denoiser: any Denoiser
  /// The largest number of samples that are of use in one evaluation and fit into memory.
  public let batch: Int
  /// What the user should know, one line each.
  public let notices: [String]

  /// Checks that model, class and device fit, before any work is done.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - classLabel: The class, for class-conditional networks.
  ///   - rows: The most samples that are evaluated together.
  ///   - backend: The device.
  /// - Throws: The errors of `SamplingPipeline`.
  public init(
    _ model: any DiffusionModel, classLabel: Int? = nil, rows: Int = 128, on backend: any Backend
  ) throws {
    var settings = SamplingSettings(seeds: (0..<UInt64(rows)).map { $0 })
    (settings.sampler, settings.options.eta, settings.classLabel) = (.named(.ddim), 1, classLabel)
    let pipeline = try SamplingPipeline(model, settings, on: backend)
    (self.model, self.classLabel, self.backend) = (model, classLabel, backend)
    (shape, scheduler, batch, notices) = (
      pipeline.imageShape, pipeline.scheduler, pipeline.batch, pipeline.notices
    )
    denoiser = EstimateDenoiser(
      base: try model.denoiser(
        SamplingCondition(classLabels: classLabel.map { [$0] }), pipeline.scheduler.parametrization, on: backend))
  }

  /// The noise levels of the model's training.
  public var schedule: NoiseSchedule { scheduler.schedule }

  /// The extents of a sample as tensors have them.
  public var rowShape: [Int] { [shape.channels, shape.height, shape.width] }

  /// The Gaussian with the moments of the data.
  ///
  /// - Throws: ``StudyError/missing(_:)`` where the model does not know them.
  public func gaussian() throws -> GaussianStatistics {
    guard let gaussian = try model.gaussian(shape, on: backend) else {
      throw StudyError.missing("\(model.name): holds no statistics of its data, with which the study compares it")
    }
    return gaussian
  }

  /// What tells this model from others, for the identity of a study: SHA-256 of its files, of its data's moments if they are known, and its
  /// class.
  public func facts() throws -> [String: JSONValue] {
    var facts: [String: JSONValue] = ["model": .string(model.name), "shape": .string(shape.description)]
    let files = try model.fingerprints()
    if !files.isEmpty {
      // Where its files say what a model is, their place does not matter.
      facts["model"] = .object(files.mapValues { .string($0) })
    }
    if let gaussian = try model.gaussian(shape, on: backend) {
      let variances = (gaussian.eigenvalues + [gaussian.remainder]).map { Float($0) }
      facts["moments"] = .string(sha256(of: try gaussian.mean.values() + variances))
    }
    if let classLabel { facts["class"] = .number(Double(classLabel)) }
    return facts
  }

  /// The identity of a study of this model alone, or with a classifier.
  ///
  /// - Parameters:
  ///   - kind: What is studied, such as `analyze network`.
  ///   - classifier: The classifier that answers, or nil for a study without one.
  ///   - version: The program's version.
  public func identity(
    _ kind: String, classifier: ClassifierModel? = nil, version: String
  ) throws -> StudyIdentity {
    var facts = try facts().merging(["version": .string(version)]) { $1 }
    if let classifier {
      let weights = try classifier.network.parameters.flatMap { try $0.parameter.values() }
      facts["classifier"] = .string(sha256(of: weights))
    }
    return StudyIdentity(kind, facts)
  }
}

/// A denoiser whose output has the state's own shape, also where a network predicts its variance beside it.
private struct EstimateDenoiser: Denoiser {
  let base: any Denoiser
  func evaluations(at level: NoiseLevel) -> Int { base.evaluations(at: level) }

  func prediction(_ x: Tensor, at level: NoiseLevel) throws -> Prediction {
    try DDIMSampler().evaluate(base, x, at: level).prediction
  }
}
