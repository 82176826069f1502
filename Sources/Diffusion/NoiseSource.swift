public import Compute
public import Tensors

/// Where the normals of a run come from.
///
/// The default ``SeededNoise`` is a function of (seed, step, draw); others replay recorded noise or another program's
/// generator, which must be asked in order.
public protocol NoiseSource: AnyObject {
  /// The standard normals that a run begins with, `[batch] + sampleShape`.
  func initialNoise() throws -> Tensor

  /// The standard normals of a start that is not to be an image of the initial noise; by default they are that noise.
  func freshNoise() throws -> Tensor

  /// The standard normals of one draw of one step, of the same shape.
  ///
  /// - Parameters:
  ///   - step: The step of the run, from zero.
  ///   - draw: The draw within the step, from zero.
  func stepNoise(step: Int, draw: Int) throws -> Tensor
}

extension NoiseSource {
  /// The initial noise: recorded noise and foreign generators are read no further than other programs read them.
  public func freshNoise() throws -> Tensor { try initialNoise() }
}

/// Noise that is a function of each sample's seed: the same alone or in a batch, on every device.
public final class SeededNoise: NoiseSource {
  private let seeds: [UInt64]
  private let sampleShape: [Int]
  private let backend: any Backend

  /// Noise for one sample a seed.
  public init(seeds: [UInt64], sampleShape: [Int], on backend: any Backend) {
    self.seeds = seeds
    self.sampleShape = sampleShape
    self.backend = backend
  }

  /// The normals of step 0 of the seeds' streams.
  public func initialNoise() -> Tensor {
    .noise(sampleShape, seeds: seeds, key: NoiseKey(step: 0), on: backend)
  }

  /// The second draw of step 0 of the seeds' streams.
  public func freshNoise() -> Tensor {
    .noise(sampleShape, seeds: seeds, key: NoiseKey(step: 0, draw: 1), on: backend)
  }

  /// The normals of step `step + 1` of the seeds' streams.
  public func stepNoise(step: Int, draw: Int) -> Tensor {
    .noise(sampleShape, seeds: seeds, key: NoiseKey(step: UInt32(step + 1), draw: UInt32(draw)), on: backend)
  }
}
