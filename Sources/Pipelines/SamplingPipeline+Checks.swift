import Compute
import Diffusion
import Models
import Tensors

extension SamplingSettings {
  /// What samples are drawn for.
  var condition: SamplingCondition { .init(classLabel: classLabel, guidance: guidance) }
}

extension SamplingPipeline {
  /// Whether recorded noise and images are as many as the seeds.
  static func check(_ inputs: SamplingInputs, _ settings: SamplingSettings, _ shape: ImageShape) throws(PipelineError) {
    let count = settings.seeds.count * shape.count, expected = "for \(settings.seeds.count) images of \(shape)"
    if case .images = settings.start, inputs.images?.count != count {
      throw .inputImages(path: nil, fault: "\(inputs.images?.count ?? 0) values \(expected)")
    }
    guard let noise = inputs.noise else { return }
    guard noise.initial.count == count else {
      throw .initialNoise(path: nil, fault: "\(noise.initial.count) values \(expected)")
    }
    guard noise.draws.allSatisfy({ $0.count == count }) else {
      throw .stepNoise(path: nil, fault: "a draw does not hold \(settings.seeds.count) images of \(shape)")
    }
  }

  static func initialization(
    _ model: any DiffusionModel, _ settings: SamplingSettings, _ shape: ImageShape, on backend: any Backend
  ) throws -> LateStartInitialization? {
    guard case .late(_, let kind) = settings.start else { return nil }
    if kind == .noise { return .noise }
    guard let gaussian = try model.gaussian(shape, on: backend) else {
      throw PipelineError.noStatistics(model: model.name, kind: kind)
    }
    return kind == .gaussian ? .gaussian(gaussian) : .flow(gaussian)
  }
}
