import ArgumentParser
import DiffuseGPU

extension StatisticsCommand {
  /// Samples of a model in the place of data.
  struct SampleOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "A model whose own samples take the place of data, as `sample` knows it.",
        discussion: """
          For those who have a network and no data. What made the samples is kept in the file, and `info` tells it.
          """, valueName: "path"))
    var model: String?

    @Option(help: ArgumentHelp("Samples of the model (10000).", valueName: "count"))
    var samples: Int?

    @Option(help: ArgumentHelp("Their sampler; the model's own scheduler by default.", valueName: "name"))
    var sampler: String?

    @Option(
      help: ArgumentHelp("Steps of the sampler; its scheduler's own number by default, or 50.", valueName: "count"))
    var steps: Int?

    @Option(
      name: .customLong("class"),
      help: ArgumentHelp("Their class, or classes counted round: 3, or 3,5, or 0-9, or each.", valueName: "labels"))
    var classes: String?

    @Option(help: ArgumentHelp("The weight of classifier-free guidance, 1 for none.", valueName: "weight"))
    var guidance: Double?

    @Option(help: ArgumentHelp("The seed of the first sample (0).", valueName: "seed"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("Samples drawn together; as many as fit by default.", valueName: "count"))
    var batch: Int?

    /// The flags that are of no use without a model, and whether they are given.
    var others: [(isGiven: Bool, name: String)] {
      [
        (samples != nil, "--samples"), (sampler != nil, "--sampler"), (steps != nil, "--steps"),
        (classes != nil, "--class"), (guidance != nil, "--guidance"), (seed != nil, "--seed"),
        (batch != nil, "--batch"),
      ]
    }

    /// The run that draws the samples.
    func request() throws -> SamplingRequest {
      try checkNumber("--samples", samples, in: 2...SeedRanges.limit)
      guard guidance ?? 1 == 1 || classes != nil else {
        throw CommandError("--guidance: goes from no class towards that of --class, which is missing")
      }
      var settings = SamplingSettings(seeds: try SeedList.seeds(from: seed ?? 0, count: samples ?? 10_000))
      if let sampler { settings.sampler = .named(try SamplerName(sampler)) }
      settings.steps = steps ?? settings.steps
      settings.classes = try classes.map { try ClassList(argument: $0) }
      settings.guidance = guidance ?? settings.guidance
      settings.batch = batch
      return SamplingRequest(model: .directory(path: model, variant: nil), settings: settings)
    }
  }
}
