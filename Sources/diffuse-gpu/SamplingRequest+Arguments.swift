import DiffuseGPU
import Foundation

extension SamplingRequest {
  /// The request that the arguments of `sample` make, their combinations checked.
  init(arguments: SampleCommand) throws {
    let (options, start, images) = (arguments.model, arguments.start, arguments.images)
    try Self.check(arguments)
    let seeds =
      try images.seeds.map { try SeedList.seeds(in: $0) }
      ?? SeedList.seeds(from: images.seed ?? 0, count: images.count ?? 16)
    var settings = SamplingSettings(seeds: seeds)
    settings.options = SchedulerOptions(
      eta: options.eta ?? 0, usesGridSteps: options.correctSteps, churn: try Self.churn(options))
    if let name = options.sampler { try settings.select(sampler: name) }
    if let file = options.schedulerConfig {
      settings.sampler = .configuration(try SchedulerConfiguration(contentsOf: file))
    }
    settings.clipSample = !options.isUnclipped
    settings.steps = options.steps ?? settings.steps
    settings.generator = start.rng ?? settings.generator
    settings.classes = try options.classes.map { try ClassList(argument: $0) }
    settings.guidance = options.guidance ?? settings.guidance
    settings.size = try images.size.map { try ImageSize(argument: $0) }
    settings.batch = images.batch
    settings.guidanceInterval = try options.guidanceInterval.map { try Self.interval($0, "--guidance-interval") }
    let kind = start.lateStartInit ?? .gaussian
    switch start.lateStart {
    case .step(let step)?: settings.start = .late(timestep: step, kind: kind)
    case .automatic?: settings.start = .automatic(kind: kind)
    case nil: break
    }
    if let step = start.from { settings.start = .images(timestep: step) }
    self.init(model: try ModelReference(options), settings: settings)
    statistics = start.statistics
    inputImages = start.inputImages
    reading = arguments.reading.given
    initialNoise = start.initialNoise
    stepNoise = start.stepNoise
    zoom = images.zoom ?? 1
  }

  /// The noise before each step that the arguments ask for.
  private static func churn(_ options: SampleCommand.ModelOptions) throws(CommandError) -> Churn {
    guard let amount = options.churn else {
      for (isNamed, flag) in [
        (options.churnSigmas != nil, "--churn-sigmas"), (options.churnNoise != nil, "--churn-noise"),
      ] where isNamed { throw CommandError("\(flag): is of no use without --churn") }
      return .none
    }
    guard amount >= 0 else { throw CommandError("--churn \(amount): 0 or more is needed") }
    var churn = Churn(amount: amount, noise: options.churnNoise ?? 1)
    if let text = options.churnSigmas {
      let ends = text.components(separatedBy: "..").map { Double($0) ?? -1 }
      guard ends.count == 2, ends[0] >= 0, ends[0] <= ends[1] else {
        throw CommandError("--churn-sigmas '\(text)': write LOW..HIGH, two sigmas, such as 0.05..50")
      }
      churn.sigmas = ends[0]...ends[1]
    }
    return churn
  }

  /// An interval of training steps as it is written in arguments.
  private static func interval(_ text: String, _ flag: String) throws(CommandError) -> ClosedRange<Int> {
    let ends = text.components(separatedBy: "..").map { Int($0) ?? -1 }
    guard ends.count == 2, ends[0] >= 0, ends[0] <= ends[1], ends[1] <= NoiseSchedule.largestCount else {
      throw CommandError(
        "\(flag) '\(text)': write LOW..HIGH, two training steps from 0 to \(NoiseSchedule.largestCount), such as 200..600"
      )
    }
    return ends[0]...ends[1]
  }

  /// Arguments that exclude or need each other, and numbers out of range.
  private static func check(_ arguments: SampleCommand) throws(CommandError) {
    let (options, start, images) = (arguments.model, arguments.start, arguments.images)
    try exclude(options.sampler != nil, "--sampler", options.schedulerConfig != nil, "--scheduler-config")
    try exclude(
      options.sampler?.lowercased() == SamplerName.paperDDPM, "--sampler \(SamplerName.paperDDPM)", options.eta != nil,
      "--eta")
    try exclude(options.data != nil, "--data", options.classes != nil, "--class")
    for (isNamed, flag) in options.network.named where flag != "--model" {
      try exclude(options.data != nil, "--data", isNamed, flag)
    }
    for (isNamed, name) in [
      (options.data != nil, "--data"), (options.classes != nil, "--class"), (start.statistics != nil, "--statistics"),
    ] + options.network.named { try exclude(options.world != nil, "--world", isNamed, name) }
    try exclude(images.seeds != nil, "--seeds", images.seed != nil, "--seed")
    try exclude(images.seeds != nil, "--seeds", images.count != nil, "--count")
    try exclude(start.lateStart != nil, "--late-start", start.inputImages != nil, "--input-images")
    try exclude(start.initialNoise != nil, "--initial-noise", images.seeds != nil || images.seed != nil, "--seeds")
    try exclude(start.initialNoise != nil, "--initial-noise", images.skipExisting, "--skip-existing")
    try exclude(start.inputImages != nil, "--input-images", images.skipExisting, "--skip-existing")
    for (isNamed, name) in [
      (start.initialNoise != nil, "--initial-noise"), (start.inputImages != nil, "--input-images"),
      (images.saveEvery != nil, "--save-every"), (images.animate != nil, "--animate"),
    ] { try exclude(images.shard != nil, "--shard", isNamed, name) }
    guard (start.inputImages == nil) == (start.from == nil) else {
      throw CommandError("--input-images and --from belong together")
    }
    guard start.stepNoise == nil || start.initialNoise != nil else {
      throw CommandError("--step-noise needs --initial-noise")
    }
    for (isNamed, name) in [
      (start.lateStartInit != nil, "--late-start-init"), (start.statistics != nil, "--statistics"),
    ]
    where isNamed && start.lateStart == nil {
      throw CommandError("\(name): is of no use without --late-start")
    }
    try checkNumbers(options, images)
  }

  private static func checkNumbers(
    _ options: SampleCommand.ModelOptions, _ images: SampleCommand.ImageOptions
  ) throws(CommandError) {
    try checkNumber("--save-every", images.saveEvery, in: 1...SamplerError.largestSteps)
    guard options.guidance ?? 1 == 1 || options.classes != nil else {
      throw CommandError("--guidance: goes from no class towards that of --class, which is missing")
    }
    guard options.guidanceInterval == nil || options.guidance ?? 1 != 1 else {
      throw CommandError("--guidance-interval: needs a --guidance other than 1")
    }
  }

  private static func exclude(
    _ first: Bool, _ firstName: String, _ second: Bool, _ secondName: String
  ) throws(CommandError) {
    if first && second { throw CommandError("\(firstName) and \(secondName) exclude each other") }
  }
}

extension SampleCommand {
  /// Refuses arguments that a record determines.
  func checkBesideRecord() throws(CommandError) {
    let named: [(Bool, String)] =
      [
        (model.data != nil, "--data"),
        (model.world != nil, "--world"), (model.sampler != nil, "--sampler"),
        (model.schedulerConfig != nil, "--scheduler-config"), (model.steps != nil, "--steps"),
        (model.eta != nil, "--eta"), (model.churn != nil, "--churn"), (model.churnSigmas != nil, "--churn-sigmas"),
        (model.churnNoise != nil, "--churn-noise"),
        (model.correctSteps, "--correct-steps"), (model.isUnclipped, "--no-clip"), (model.classes != nil, "--class"),
        (model.guidance != nil, "--guidance"), (model.guidanceInterval != nil, "--guidance-interval"),
        (start.lateStart != nil, "--late-start"),
        (start.lateStartInit != nil, "--late-start-init"), (start.statistics != nil, "--statistics"),
        (start.inputImages != nil, "--input-images"), (start.from != nil, "--from"),
        (start.initialNoise != nil, "--initial-noise"), (start.stepNoise != nil, "--step-noise"),
        (start.rng != nil, "--rng"), (images.seed != nil, "--seed"), (images.count != nil, "--count"),
        (images.seeds != nil, "--seeds"), (images.size != nil, "--size"), (images.batch != nil, "--batch"),
        (images.zoom != nil, "--zoom"),
      ] + model.network.named + reading.named
    if let name = named.first(where: { $0.0 })?.1 {
      throw CommandError("--from-record and \(name) exclude each other: the record says what is drawn")
    }
  }
}

extension ModelReference {
  fileprivate init(_ options: SampleCommand.ModelOptions) throws(CommandError) {
    if let world = options.world {
      self = .world(try WorldReference(argument: world))
    } else if let data = options.data {
      self = .data(path: data, scheduler: options.network.model)
    } else {
      self = .directory(
        path: options.network.model, variant: options.network.variant,
        checkpoint: try options.network.checkpoint.options)
    }
  }
}

extension WorldReference {
  /// The world of `--world`.
  init(argument text: String) throws(CommandError) {
    do throws(Fault) {
      try self.init(text)
    } catch {
      throw switch error {
      case .unknown:
        CommandError("--world '\(text)': two-points, hypersphere:D, mixture:FILE and gaussian:STATISTICS are possible")
      case .dimension: CommandError("--world '\(text)': the dimension is a whole number from 1 to 1000000")
      case .radius: CommandError("--world '\(text)': the radius is more than 0 and at most 1000000")
      }
    }
  }
}

extension ClassList {
  /// The classes of `--class`.
  init(argument text: String) throws(CommandError) {
    do throws(Fault) {
      try self.init(text)
    } catch {
      throw switch error {
      case .part(let part):
        CommandError(
          "--class '\(text)': '\(part)' is neither a label from 0 to \(ClassList.largestLabel) nor a range such as 0-9, nor is "
            + "it the word each")
      case .tooMany: CommandError("--class '\(text)': more than \(SeedRanges.limit) labels")
      }
    }
  }
}

extension ImageSize {
  /// Height and width as they are written in arguments.
  init(argument text: String) throws(CommandError) {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard (1...2).contains(parts.count), parts.allSatisfy({ (1...65_536).contains($0) }) else {
      throw CommandError("--size '\(text)': write one number, or HEIGHTxWIDTH such as 32x48")
    }
    self.init(height: parts[0], width: parts[parts.count - 1])
  }
}
