public import DiffusersFormat
public import Diffusion

/// Which sampler a run uses.
public enum SamplerChoice: Sendable, Hashable {
  /// The model's own scheduler, or DDPM's defaults if it has none.
  case model
  /// A sampler by its short name, with the schedule that the model was trained with.
  case named(SamplerName)
  /// Whatever a `scheduler_config.json` says.
  case configuration(SchedulerConfiguration)
}

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
  /// The prior noise carried along the Gaussian's probability flow; keeps each seed's image.
  case flow
  /// Standard normals, the baseline.
  case noise
}

/// What the state at the start of a run is made of.
public enum RunStart: Sendable, Hashable {
  /// The prior.
  case prior
  /// A late start at a training step.
  case late(timestep: Int, LateStartKind)
  /// Real images noised to a training step, in the order of the seeds: values in [-1, 1], one image after the other.
  case images(timestep: Int, [Float])
}

/// Noise that was recorded elsewhere, instead of a generator's.
public struct RecordedNormals: Sendable, Hashable {
  /// The normals that the run begins with, one image a seed.
  public var initial: [Float]
  /// The normals of the steps in the order of their use, each for all seeds; empty if the sampler draws none.
  public var draws: [[Float]]

  /// Recorded noise.
  public init(initial: [Float], draws: [[Float]] = []) {
    self.initial = initial
    self.draws = draws
  }
}

/// Everything that determines the images of a run, apart from the model and the device.
public struct SamplingSettings: Sendable {
  /// The sampler.
  public var sampler = SamplerChoice.model
  /// What diffusers takes as arguments of a call: eta.
  public var options = SchedulerOptions()
  /// Whether estimates of clean images are clipped where the scheduler's configuration says so.
  public var clips = true
  /// A data set whose exact score takes the network's place, or nil for the network.
  public var data: ImageCollection?
  /// Steps of the run.
  public var steps = 50
  /// Where the run begins.
  public var start = RunStart.prior
  /// The seeds, one an image.
  public var seeds: [UInt64]
  /// The generator of the normals.
  public var generator = NoiseGenerator.philox
  /// Noise that was recorded elsewhere; takes the generator's place.
  public var recorded: RecordedNormals?
  /// The class of all images, for class-conditional networks.
  public var classLabel: Int?
  /// How far predictions are carried past those without a class; see ``NetworkDenoiser``.
  public var guidance = 1.0
  /// Height and width, or nil for the model's own.
  public var size: (height: Int, width: Int)?
  /// Images that are sampled together, or nil for as many as fit and pay.
  public var batch: Int?

  /// Settings with the defaults: the model's own sampler, 50 steps from the prior.
  public init(seeds: [UInt64]) {
    self.seeds = seeds
  }
}
