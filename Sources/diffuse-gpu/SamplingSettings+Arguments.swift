import DiffuseGPU

extension SamplingSettings {
  /// The settings that the arguments of `sample` name, their combinations checked.
  init(arguments: SampleCommand, model: Model) throws {
    let (options, start, images) = (arguments.model, arguments.start, arguments.images)
    try Self.check(arguments)
    self.init(seeds: try Self.seeds(images).seeds)
    if let path = options.data { data = try ImageCollection(Dataset.open(path)) }
    if let name = options.sampler { sampler = .named(try Self.samplerName(name)) }
    if let file = options.schedulerConfig { sampler = .configuration(try SchedulerConfiguration(contentsOf: file)) }
    self.options = SchedulerOptions(eta: options.eta ?? 0, usesGridSteps: options.correctSteps)
    clips = !options.isUnclipped
    steps = options.steps
    generator = start.rng
    classLabel = options.classLabel
    guidance = options.guidance
    size = try images.size.map(Self.size)
    batch = images.batch
    if let file = start.initialNoise {
      let (noise, count, shape) = try InputArrays.recordedNoise(initial: file, steps: start.stepNoise)
      recorded = noise
      size = (shape.height, shape.width)
      seeds = (0..<UInt64(count)).map { $0 }
    }
    if let step = start.lateStart { self.start = .late(timestep: step, start.lateStartInit) }
    if let path = start.inputImages, let step = start.from {
      let shape = try SamplingPipeline.imageShape(model, self)
      self.start = .images(timestep: step, try InputArrays.images(path, count: seeds.count, shape))
    }
  }

  private static func samplerName(_ name: String) throws(PipelineError) -> SamplerName {
    do {
      return try SamplerName(name)
    } catch {
      throw PipelineError("--sampler: \(error)")
    }
  }

  /// Whether the run begins with normals that have the data's moments.
  var needsStatistics: Bool {
    if case .late(_, let kind) = start { kind != .noise } else { false }
  }

  /// Arguments that exclude or need each other, and numbers out of range.
  private static func check(_ arguments: SampleCommand) throws(PipelineError) {
    let (options, start, images) = (arguments.model, arguments.start, arguments.images)
    try exclude(options.sampler != nil, "--sampler", options.schedulerConfig != nil, "--scheduler-config")
    try exclude(options.data != nil, "--data", options.classLabel != nil, "--class")
    try exclude(options.data != nil, "--data", options.variant != nil, "--variant")
    try exclude(images.seeds != nil, "--seeds", images.seed != nil, "--seed")
    try exclude(images.seeds != nil, "--seeds", images.count != nil, "--count")
    try exclude(start.lateStart != nil, "--late-start", start.inputImages != nil, "--input-images")
    try exclude(start.initialNoise != nil, "--initial-noise", images.seeds != nil || images.seed != nil, "--seeds")
    try exclude(start.initialNoise != nil, "--initial-noise", images.skipExisting, "--skip-existing")
    try exclude(start.inputImages != nil, "--input-images", images.skipExisting, "--skip-existing")
    guard (start.inputImages == nil) == (start.from == nil) else {
      throw PipelineError("--input-images and --from belong together")
    }
    guard start.stepNoise == nil || start.initialNoise != nil else {
      throw PipelineError("--step-noise needs --initial-noise")
    }
    for (name, value) in [
      ("--steps", options.steps), ("--batch", images.batch ?? 1), ("--zoom", images.zoom),
      ("--save-every", images.saveEvery ?? 1),
    ] where value < 1 {
      throw PipelineError("\(name) \(value): at least 1 is needed")
    }
    guard options.guidance == 1 || options.classLabel != nil else {
      throw PipelineError("--guidance: goes from no class towards that of --class, which is missing")
    }
    guard options.guidance.isFinite else { throw PipelineError("--guidance \(options.guidance): a number is needed") }
    if let eta = options.eta, !(0...1).contains(eta) { throw PipelineError("--eta \(eta): from 0 to 1") }
    guard images.zoom <= 64 else { throw PipelineError("--zoom \(images.zoom): at most 64") }
  }

  private static func exclude(
    _ first: Bool, _ firstName: String, _ second: Bool, _ secondName: String
  ) throws(PipelineError) {
    if first && second { throw PipelineError("\(firstName) and \(secondName) exclude each other") }
  }

  private static func seeds(_ images: SampleCommand.ImageOptions) throws(PipelineError) -> SeedList {
    if let list = images.seeds { return try SeedList(list) }
    return try SeedList(first: images.seed ?? 0, count: images.count ?? 16)
  }

  /// Height and width as they are written in arguments.
  static func size(_ text: String) throws(PipelineError) -> (height: Int, width: Int) {
    let parts = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard (1...2).contains(parts.count), parts.allSatisfy({ (1...65_536).contains($0) }) else {
      throw PipelineError("--size '\(text)': write one number, or HEIGHTxWIDTH such as 32x48")
    }
    return (parts[0], parts[parts.count - 1])
  }
}
