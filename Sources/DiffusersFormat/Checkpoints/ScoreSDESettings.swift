import Diffusion
import Files
import Networks
import Tensors

/// What a checkpoint of score_sde does not say of itself: from the settings beside it, or as in all released networks of its kind.
struct ScoreSDESettings {
  private let settings: CheckpointSettings

  init(_ settings: CheckpointSettings) {
    self.settings = settings
  }

  /// The largest noise of a variance-exploding process and the number of its levels, where the file has them.
  func largestScale(in names: TensorNames) throws(FileError) -> (sigma: Double, count: Int)? {
    guard let entry = names.file.entries["sigmas"] else { return nil }
    guard entry.shape.count == 1, entry.type.isFloatingPoint, let sigma = names.file.floats(entry).first,
      sigma > 0, sigma.isFinite
    else { throw names.fault("tensor 'sigmas' is no list of noise levels, the largest first") }
    // They are kept in 64 bits and read in 32; published ones are whole numbers.
    return (Double(sigma), entry.count)
  }

  /// The network with what is the same for all of its kind, and what the settings say.
  func network(
    _ network: UNetConfiguration, tensors: RenamedTensors, resizesInBlocks: Bool,
    largestScale: (sigma: Double, count: Int)?
  ) throws(FileError) -> CheckpointNetwork {
    var result = network, assumptions: [String] = []
    (result.frequencyShift, result.putsCosinesFirst) = (1, false)
    (result.headWidth, result.downsamplePadding, result.epsilon) = (nil, 0, 1e-6)
    result.dropout = try settings.number("dropout", in: 0...1) ?? 0
    if resizesInBlocks {
      try setBlocks(&result, &assumptions)
    } else if result.encoder != .standard || result.decoder != .standard {
      throw settings.fault("resblock_type", "pyramids beside convolutions that change the size are not supported")
    }
    try setSize(&result, &assumptions)
    let scheduler =
      result.timeEmbedding == .fourier
      ? try explodingScheduler(&result, tensors, largestScale, &assumptions) : try preservingScheduler(&assumptions)
    return .init(configuration: result, scheduler: scheduler, tensors: tensors, assumptions: assumptions)
  }

  /// What DDPM++ and NCSN++ have in common.
  private func setBlocks(_ result: inout UNetConfiguration, _ assumptions: inout [String]) throws(FileError) {
    result.normalizationGroups = nil
    result.projectsWhenResizing = true
    (result.downsampling, result.upsampling) = (.resnet, .resnet)
    let rescales = try settings.flag("skip_rescale")
    if rescales ?? true { (result.levelScaleFactor, result.middleScaleFactor) = (2.0.squareRoot(), 2.0.squareRoot()) }
    let hasPyramid = result.encoder != .standard || result.decoder != .standard
    let isFiltered = try settings.flag("fir")
    result.resizingFilter = isFiltered ?? hasPyramid ? .binomial : .box
    if result.encoder == .residual, result.resizingFilter == .box {
      throw settings.fault("fir", "false is not supported beside a residual pyramid")
    }
    if let taps = settings["fir_kernel"]?.array, taps.map(\.int) != [1, 3, 3, 1] {
      throw settings.fault("fir_kernel", "is not supported; [1, 3, 3, 1] is")
    }
    if rescales == nil { assumptions.append("sums divided by the root of two") }
    if isFiltered == nil {
      assumptions.append("images resized \(hasPyramid ? "by the filter 1, 3, 3, 1" : "without a filter")")
    }
  }

  private func setSize(_ result: inout UNetConfiguration, _ assumptions: inout [String]) throws(FileError) {
    if let size = try settings.count("image_size", in: 1...ConfigurationFields.largestExtent) {
      result.sampleSize = .init(height: size, width: size)
    } else if let level = result.downBlocks.firstIndex(of: .attention), level <= 8 {
      // Where such networks attend, as all published ones do.
      let size = 16 << level
      result.sampleSize = .init(height: size, width: size)
      assumptions.append("images of \(size)x\(size), with attention at 16x16")
    }
  }

  private var process: String? { settings["sde"]?.string }

  /// The scheduler of a variance-exploding process, whose network is given noise levels and divides by them.
  private func explodingScheduler(
    _ result: inout UNetConfiguration, _ tensors: RenamedTensors, _ largest: (sigma: Double, count: Int)?,
    _ assumptions: inout [String]
  ) throws(FileError) -> SchedulerConfiguration {
    if let process, process != "vesde" {
      throw settings.fault("sde", "'\(process)' is not supported with Fourier embeddings of times; vesde is")
    }
    if try settings.flag("scale_by_sigma") == false {
      throw settings.fault("scale_by_sigma", "false is not supported with Fourier embeddings of times")
    }
    if process == nil { assumptions.append("a variance-exploding process") }
    let isCentered = try settings.flag("centered")
    result.centersInput = !(isCentered ?? false)
    if isCentered == nil { assumptions.append("images of 0...1") }
    let sigma = try settings.number("sigma_max", in: 1e-3...1e6) ?? largest?.sigma
    let count = try settings.count("num_scales", in: 2...NoiseSchedule.largestCount) ?? largest?.count
    let smallest = try settings.number("sigma_min", in: 1e-6...1e3) ?? 0.01
    guard let sigma, let count, (2...NoiseSchedule.largestCount).contains(count), sigma > smallest else {
      throw FileError(
        tensors.file.path,
        "does not say how large its noise is: sigma_max and num_scales of its training are needed in a JSON file of its name"
      )
    }
    let ratio = try settings.number("snr", in: 1e-6...1e3)
    let customary = result.sampleSize.map { $0.height <= 32 } ?? false ? 0.16 : 0.15
    if ratio == nil { assumptions.append("a signal-to-noise ratio of \(customary) in the corrector") }
    return SchedulerConfiguration([
      "_class_name": .string("ScoreSdeVeScheduler"), "num_train_timesteps": .number(Double(count)),
      "sigma_min": .number(smallest), "sigma_max": .number(sigma), "snr": .number(ratio ?? customary),
      "sampling_eps": .number(1e-5), "correct_steps": .number(1),
    ])
  }

  /// The scheduler of a variance-preserving process, whose network is given the numbers of training steps.
  private func preservingScheduler(_ assumptions: inout [String]) throws(FileError) -> SchedulerConfiguration {
    if try settings.flag("centered") == false {
      throw settings.fault("centered", "false is not supported: images of the network must be in -1...1")
    }
    if try settings.flag("scale_by_sigma") == true || process == "vesde" {
      throw settings.fault("sde", "a variance-exploding network without Fourier embeddings is not supported; vpsde is")
    }
    if settings["centered"] == nil { assumptions.append("images of -1...1 and a variance-preserving process") }
    let (betas, steps) = try betas(&assumptions)
    return SchedulerConfiguration(
      SchedulerConfiguration.training.values.merging([
        "num_train_timesteps": .number(Double(steps)), "beta_start": .number(betas.lowerBound),
        "beta_end": .number(betas.upperBound),
      ]) { $1 })
  }

  /// The noise of the first and last training step; score_sde names it for the whole of unit time.
  private func betas(_ assumptions: inout [String]) throws(FileError) -> (ClosedRange<Double>, Int) {
    let steps = try settings.count("num_scales", in: 2...NoiseSchedule.largestCount) ?? 1000
    let smallest = try settings.number("beta_min", in: 1e-9...1e3)
    let largest = try settings.number("beta_max", in: 1e-9...1e3)
    guard let smallest, let largest else {
      assumptions.append("betas of 0.0001 to 0.02 in \(steps) steps")
      return (0.0001...0.02, steps)
    }
    let divisor = largest > 1 ? Double(steps) : 1
    guard smallest <= largest, largest / divisor < 1 else {
      throw settings.fault("beta_max", "\(largest) is no largest beta beside beta_min \(smallest)")
    }
    return (smallest / divisor...largest / divisor, steps)
  }
}
