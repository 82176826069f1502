public import ArgumentParser
public import DiffuseGPU

extension SampleCommand {
  struct ModelOptions: ParsableArguments {
    @OptionGroup
    var network: NetworkOptions

    @Option(
      help: ArgumentHelp(
        "A data set; its exact score takes the network's place.",
        discussion: """
          The denoiser is the posterior mean over all images of the set, so samples end on images of the set. Takes the files and \
          folders that `statistics` takes; the model still gives the schedule.
          """, valueName: "path"))
    var data: String?

    @Option(
      help: ArgumentHelp(
        "An exact world: two-points, hypersphere:D, mixture:FILE or gaussian:STATISTICS.",
        discussion: """
          hypersphere:D[:R] is the sphere of radius R (sqrt(D) by default) in D dimensions. The file of a mixture holds {"points": \
          [[...]], "weights": [...], "variance": 0}; `statistics` makes that of a Gaussian. Write to a .npy file.
          """, valueName: "world"))
    var world: String?

    @Option(
      help: ArgumentHelp(
        "The sampler: \(SamplerName.allCases.map(\.rawValue).joined(separator: ", ")).",
        discussion: """
          The model's own scheduler by default. \(SamplerName.paperDDPM) is ddim with eta 1, which Raya and Ambrogioni (2023) call DDPM.
          """, valueName: "name"))
    var sampler: String?

    @Option(help: ArgumentHelp("A scheduler_config.json to use instead.", valueName: "file"))
    var schedulerConfig: String?

    @Option(
      help: ArgumentHelp("Steps of the sampler; its scheduler's own number by default, or 50.", valueName: "count"))
    var steps: Int?

    @Option(help: ArgumentHelp("DDIM's eta, the share of fresh noise, 0 to 1.", valueName: "share"))
    var eta: Double?

    @Option(
      help: ArgumentHelp(
        "heun and euler: noise that is added before each step, as an amount of the whole run; 0 by default.",
        discussion: "S_churn of Karras and others (2022), algorithm 2.", valueName: "amount"))
    var churn: Double?

    @Option(help: ArgumentHelp("The sigmas where --churn adds noise, such as 0.05..50.", valueName: "low..high"))
    var churnSigmas: String?

    @Option(help: ArgumentHelp("The factor of the noise of --churn, 1 by default.", valueName: "factor"))
    var churnNoise: Double?

    @Flag(help: "DDIM: end each step where the next begins, also where diffusers does not.")
    var correctSteps = false

    @Flag(
      name: .customLong("no-clip"),
      help: ArgumentHelp(
        "Do not clip estimates of the clean image, even if the scheduler does.",
        discussion: "Clipping moves early estimates to the middle of the range and changes the class proportions."
      ))
    var isUnclipped = false

    @Option(
      name: .customLong("class"),
      help: ArgumentHelp(
        "The class, or classes counted round, for class-conditional models: 3, or 3,5, or 0-9, or each.",
        discussion: """
          Image i of the run has the i-th of them, by its place in the list of seeds, also where --skip-existing leaves some out. \
          each: all rows of the network's table but the last, which is that of no class.
          """, valueName: "labels"))
    var classes: String?

    @Option(
      help: ArgumentHelp(
        """
        The weight of classifier-free guidance, 1 for none. The null class is the last row of the network's embedding \
        table.
        """,
        valueName: "weight"))
    var guidance: Double?

    @Option(
      help: ArgumentHelp(
        "The training steps at which guidance is on, such as 200..600; all by default.",
        discussion: "Elsewhere a step takes the prediction for the class alone, which costs one evaluation, not two.",
        valueName: "low..high"))
    var guidanceInterval: String?
  }

  struct StartOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "Start late, at this training step or at the one that auto finds, instead of at the prior.",
        discussion: """
          The early steps are a linear relaxation to a fixed point and need not be simulated (Raya and Ambrogioni 2023). auto takes the \
          step from the model's late_start.json, which `late-start fit` makes, or else from a short fit to its statistics.
          """, valueName: "step"))
    var lateStart: LateStartStep?

    @Option(
      help: ArgumentHelp(
        "The state of a late start: gaussian (the default), flow, class-gaussian or noise.",
        discussion: """
          gaussian: fresh normals with the data's mean and covariance; flow: the prior noise, transported from the last training step \
          by the Gaussian's probability flow, which keeps each seed's image; class-gaussian: fresh normals with the mean and covariance \
          of the image's class, without classes of one drawn by the data's shares (`statistics --per-class`); noise: plain normals, \
          the baseline.
          """, valueName: "kind"))
    var lateStartInit: LateStartKind?

    @Option(help: ArgumentHelp("Statistics of the data, if the model directory holds none.", valueName: "file"))
    var statistics: String?

    @Option(help: ArgumentHelp("Real pictures to noise and denoise; needs --from.", valueName: "path"))
    var inputImages: String?

    @Option(help: ArgumentHelp("The training step that --input-images are noised to.", valueName: "step"))
    var from: Int?

    @Option(help: ArgumentHelp("The initial noise, .npy [count, channels, height, width].", valueName: "file"))
    var initialNoise: String?

    @Option(help: ArgumentHelp("Noise of the steps, .npy [draws, count, channels, height, width].", valueName: "file"))
    var stepNoise: String?

    @Option(
      help: ArgumentHelp(
        "The generator: philox (the default; the same on all devices) or torch (PyTorch's CPU generator).",
        valueName: "name"))
    var rng: NoiseGenerator?
  }

  struct ImageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The seed of the first image.", valueName: "seed"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("Images, with seeds from --seed upwards; 16 by default.", valueName: "count"))
    var count: Int?

    @Option(help: ArgumentHelp("The seeds of all images, such as 0-63,100.", valueName: "list"))
    var seeds: String?

    @Option(help: ArgumentHelp("Height and width, such as 32 or 32x48; the model's own by default.", valueName: "size"))
    var size: String?

    @Option(help: ArgumentHelp("Images sampled together; as many as fit by default.", valueName: "count"))
    var batch: Int?

    @Option(
      name: .shortAndLong,
      help: ArgumentHelp(
        "A folder (with a slash at its end, or there already), .png, .npz or .npy; samples.png by default.",
        valueName: "path"))
    var output = "samples.png"

    @Option(
      help: ArgumentHelp(
        "Draw one of n contiguous parts of the images, such as 0/4; `merge` joins them.",
        discussion: """
          Parts are counted from 0 and need not know of each other: --shard $SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT. Part 2 of 7 of \
          out.npz is out.part-2-of-7.npz; folders may be shared.
          """, valueName: "i/n"))
    var shard: Shard?

    @Flag(help: "Skip images that exist already.")
    var skipExisting = false

    @Option(
      help: ArgumentHelp("How often each pixel of a grid is repeated in both directions (1).", valueName: "times"))
    var zoom: Int?

    @Option(help: ArgumentHelp("Write a grid every so many steps.", valueName: "steps"))
    var saveEvery: Int?

    @Option(help: ArgumentHelp("Write the trajectory as an animated PNG.", valueName: "file"))
    var animate: String?

    @Option(
      help: ArgumentHelp(
        "What grids and trajectory show: denoised (the estimate of the clean image) or noisy.", valueName: "view"))
    var show: TrajectoryRecorder.View = .denoised

    @Option(
      help: ArgumentHelp(
        "Repeat a recorded run: the JSON file beside images, or a .png picture.",
        discussion: """
          The record has every setting that determines the images; only options of output, device and display may be given beside it. \
          Weights and other files must be unchanged.
          """, valueName: "file"))
    var fromRecord: String?
  }
}

/// Where a late start begins.
enum LateStartStep: ExpressibleByArgument {
  case automatic
  case step(Int)

  init?(argument: String) {
    if argument == "auto" {
      self = .automatic
    } else if let step = Int(argument) {
      self = .step(step)
    } else {
      return nil
    }
  }
}

extension Shard: ExpressibleByArgument {
  /// Reads `i/n`.
  public init?(argument: String) { self.init(argument) }
}

extension NoiseGenerator: ExpressibleByArgument {}
extension LateStartKind: ExpressibleByArgument {}
extension TrajectoryRecorder.View: ExpressibleByArgument {}
