import Communication
import Compute
public import DiffusersFormat
import Diffusion
import Files
import Models
public import Networks
import Tensors

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

  /// Samples the grid, of which every rank makes a part; all have the whole.
  func picture(on backend: any Backend, _ ranks: any Communicator) throws -> PNGImage {
    var own = settings, images: [Float] = []
    own.seeds = Array(settings.seeds[Shard(index: ranks.rank, count: ranks.size).range(of: settings.seeds.count)])
    let shape: ImageShape
    if own.seeds.isEmpty {
      shape = try SamplingPipeline(model, settings, on: backend).imageShape
    } else {
      let pipeline = try SamplingPipeline(model, own, on: backend)
      _ = try pipeline.run { images += $0.values }
      shape = pipeline.imageShape
    }
    let bytes = ranks.gathered(ImageConversion.pictureBytes(images, shape)).flatMap { $0 }
    return ImageConversion.grid(bytes, ImageConversion.pictureShape(shape))
  }
}
