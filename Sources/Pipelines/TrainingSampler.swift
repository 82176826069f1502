import Compute
public import DiffusersFormat
import Diffusion
import Files
import Models
public import Networks

/// Samples of a network that is being trained, from fixed seeds.
public struct TrainingSampler {
  private let model: Model
  private let settings: SamplingSettings

  /// A grid of 64 images by DDIM in 20 steps; of a network with classes all of class 0.
  public init(_ network: any DenoisingNetwork, _ scheduler: SchedulerConfiguration) {
    model = Model(name: "the network in training", network: network, scheduler: scheduler)
    var settings = SamplingSettings(seeds: (0..<64).map { $0 })
    settings.sampler = .named(.ddim)
    settings.steps = 20
    if network.classCount != nil { settings.classLabel = 0 }
    self.settings = settings
  }

  /// Samples the grid.
  func picture(on backend: any Backend) throws -> PNGImage {
    var images: [Float] = []
    let pipeline = try SamplingPipeline(model, settings, on: backend)
    _ = try pipeline.run { images += $0.values }
    let shape = pipeline.imageShape
    return ImageConversion.grid(
      ImageConversion.pictureBytes(images, shape), ImageConversion.pictureShape(shape))
  }
}
