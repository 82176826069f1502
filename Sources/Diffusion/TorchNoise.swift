public import Compute
import Random
public import Tensors

/// PyTorch's normals, one generator a sample, as diffusers draws them for `generator=[...]`.
///
/// Each generator is seeded by its sample's seed and gives the initial noise first, then the noise of each draw, so that
/// a sample is the same alone or in a batch. The numbers are in order of asking: the step and draw of a request do not
/// count, and a sampler that skips a draw shifts all that follow, as in PyTorch. Drawn on the host.
public final class TorchNoise: NoiseSource {
  private var generators: [TorchGenerator]
  private let sampleShape: [Int]
  private let backend: any Backend

  /// Noise for one sample a seed, each generator in the state after `torch.Generator().manual_seed(seed)`.
  public init(seeds: [UInt64], sampleShape: [Int], on backend: any Backend) {
    self.generators = seeds.map { TorchGenerator(seed: $0) }
    self.sampleShape = sampleShape
    self.backend = backend
  }

  /// The next normals of every generator; the first of all if a run asks for them first, as runs do.
  public func initialNoise() -> Tensor { nextNoise() }

  /// The next normals of every generator.
  public func stepNoise(step: Int, draw: Int) -> Tensor { nextNoise() }

  private func nextNoise() -> Tensor {
    let count = sampleShape.reduce(1, *)
    let values = generators.indices.flatMap { generators[$0].normal(count: count) }
    return Tensor(values, shape: [generators.count] + sampleShape, on: backend)
  }
}
