public import Diffusion
public import Models
public import Tensors

/// Which generator makes a run's normals.
public enum NoiseGenerator: String, Sendable, Hashable, Codable, CaseIterable {
  /// Philox, a function of (seed, step, place): the same on every device and in every batch.
  case philox
  /// PyTorch's CPU generator, one a seed, as diffusers uses a list of generators.
  case torch
}

/// How the state of a late start is made.
public enum LateStartKind: String, Sendable, Hashable, Codable, CaseIterable {
  /// Fresh normals with the data's mean and covariance.
  case gaussian
  /// The prior noise, transported by the Gaussian's probability flow; keeps each seed's image.
  case flow
  /// Fresh normals with the mean and covariance of the sample's class, or of one drawn by the data's shares.
  case classGaussian = "class-gaussian"
  /// Standard normals, the baseline.
  case noise
}

/// The initial state of a run.
public enum RunStart: Sendable, Hashable, Codable {
  /// The prior.
  case prior
  /// A late start at a training step.
  case late(timestep: Int, kind: LateStartKind)
  /// A late start at the training step of least cost; see ``SamplingSettings/foundStart(for:on:shouldStop:progress:)``.
  case automatic(kind: LateStartKind)
  /// Real images noised to a training step, those of ``SamplingInputs/images``.
  case images(timestep: Int)

  /// Whether each sample starts from the Gaussian of its class.
  var isOfClasses: Bool {
    if case .late(_, .classGaussian) = self { true } else { false }
  }

  /// The training step to start at, or nil for the prior and where it is to be found.
  public var timestep: Int? {
    switch self {
    case .prior, .automatic: nil
    case .late(let timestep, _), .images(let timestep): timestep
    }
  }
}

/// Everything that determines the samples of a run, apart from the model, the device and arrays that are handed in.
///
/// A value: two runs of equal settings, model, inputs and device make the same samples bit for bit.
public struct SamplingSettings: Sendable, Hashable, Codable {
  /// The sampler.
  public var sampler = SamplerChoice.model
  /// What diffusers takes as arguments of a call: eta.
  public var options = SchedulerOptions()
  /// Whether estimates of clean images are clipped where the scheduler's configuration says so.
  public var clipSample = true
  /// Steps of the run, or nil for the scheduler's own number; see `ChosenScheduler`.
  public var steps: Int?
  /// Where the run begins.
  public var start = RunStart.prior
  /// The seeds, one a sample.
  public var seeds: [UInt64]
  /// The generator of the normals.
  public var generator = NoiseGenerator.philox
  /// The classes of the samples, counted round, for class-conditional networks; see ``ClassList``.
  public var classes: ClassList?
  /// The weight of classifier-free guidance, 1 for none; see `NetworkDenoiser`.
  public var guidance = 1.0
  /// The training steps at which guidance is on, or nil for all.
  public var guidanceInterval: ClosedRange<Int>?
  /// Height and width, or nil for the model's own.
  public var size: ImageSize?
  /// The batch size, or nil for the largest that fits into memory and is of use.
  public var batch: Int?

  /// Settings with the defaults: the model's own sampler and its steps, from the prior.
  public init(seeds: [UInt64]) {
    self.seeds = seeds
  }
}

/// Arrays that take the place of what a run would make itself.
public struct SamplingInputs: Sendable, Hashable {
  /// Clean images to noise, in the order of the seeds: values in [-1, 1], one image after the other.
  public var images: [Float]?
  /// Noise that was recorded elsewhere; takes the generator's place.
  public var noise: RecordedNormals?

  /// Inputs; by default none.
  public init(images: [Float]? = nil, noise: RecordedNormals? = nil) {
    self.images = images
    self.noise = noise
  }
}

/// Noise that was recorded elsewhere, instead of a generator's.
public struct RecordedNormals: Sendable, Hashable {
  /// The normals that the run begins with, one sample a seed.
  public var initial: [Float]
  /// The normals of the steps in the order of their use, each for all seeds; empty if the sampler draws none.
  public var draws: [[Float]]

  /// Recorded noise.
  public init(initial: [Float], draws: [[Float]] = []) {
    self.initial = initial
    self.draws = draws
  }
}
