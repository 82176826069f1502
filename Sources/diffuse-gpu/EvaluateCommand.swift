import ArgumentParser
import DiffuseGPU

struct EvaluateCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure samples against a data set, in pixels or in a classifier's features.",
    discussion: """
      Without a classifier it compares means and covariances of the pixels, in [-1, 1]: the Frechet distance without any network. With \
      --classifier it compares the classifier's features and what the classifier sees; in the features of Inception, made by \
      `convert-inception`, the Frechet distance is FID, and in no others. Only distances at equal counts compare, so that sets of \
      different counts need --count. All measures take images clamped to [-1, 1] and rounded to 8 bits.

      \(ImageReadingOptions.forms)
      """)

  @Argument(
    help: ArgumentHelp(
      "Samples, in any form that is listed above, or their features of --features-out; each is measured by itself.",
      valueName: "samples"))
  var samples: [String]

  @Option(
    help: ArgumentHelp(
      "Statistics of the data, made by `statistics`; those of the pretrained MNIST model by default.", valueName: "file"
    ))
  var statistics: String?

  @OptionGroup(title: "Features")
  var features: FeatureOptions

  @Option(help: ArgumentHelp("Measure the first so many images of each set.", valueName: "number"))
  var count: Int?

  @Option(
    help: ArgumentHelp(
      "Only write the features of one of n parts of the samples, such as 0/4; `merge` joins them into --features-out.",
      discussion: """
        Part 2 of 7 of out.npz is out.part-2-of-7.safetensors. Parts are cut at blocks of 1,024 images, and may be empty.
        """, valueName: "i/n"))
  var shard: Shard?

  @Flag(help: "With --shard: leave a part that is there already.")
  var skipExisting = false

  @OptionGroup(title: "How images are read")
  var reading: ImageReadingOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let ranks = shard == nil ? try Ranks.connect() : SingleProcess()
    try checkNumber("--count", count, in: 2...1 << 31)
    if features.classifier != nil, statistics != nil {
      throw CommandError("--statistics is of pixels; --classifier takes --reference FILE or --data PATH")
    }
    if shard != nil, features.classifier == nil || features.featuresOut == nil || samples.count != 1 {
      throw CommandError("--shard: takes --classifier, --features-out FILE.npz and one set of samples")
    }
    if skipExisting {
      guard let shard, let whole = features.featuresOut else { throw CommandError("--skip-existing takes --shard") }
      let part = shard.partFile(of: whole)
      if PartKind(of: part) != nil { return outputOptions.console.note("\(part) is there already") }
    }
    let request = try features.request(samples: samples, shard, note: outputOptions.console.note)
    if let shard, let request { return try writePart(shard, request) }
    try checkCounts(channels: request?.classifier.imageChannels)
    // Pixels are read faster than they are sent.
    let findings = try request.map { try featureFindings($0, ranks) } ?? (ranks.isRoot ? pixelFindings() : [])
    guard ranks.isRoot else { return }
    try outputOptions.console.result(
      (findings.map(\.text) + ["images are \(eightBitRule)"]).joined(separator: "\n"),
      json: .array(
        findings.map { .object($0.members.merging(["quantization": .string(eightBitRule)]) { $1 }) }))
  }

  /// What is said about one set of samples.
  struct Finding {
    let text: String
    let members: [String: JSONValue]
  }

  /// Images to compare, samples of a model among them.
  func open(
    _ path: String, channels: Int?, clamps: Bool = false, note: (String) -> Void
  ) throws -> any ImageSource {
    try Dataset.open(path, reading.reading, channels: channels, clamps: clamps, note: note)
  }

  /// Finds out before any work whether the sets compare.
  private func checkCounts(channels: Int?) throws {
    guard samples.count > 1 || count != nil else { return }
    let counts = try samples.map { path in
      if FeatureSet.isArchive(path) { return try FeatureSet.count(ofArchive: path) }
      return try open(path, channels: channels, clamps: true) { _ in }.count
    }
    for (path, own) in zip(samples, counts) {
      if let count, own < count { throw EvaluationError.fewerThanAsked(path: path, count: own, asked: count) }
      if count == nil, own != counts[0] {
        throw EvaluationError.unequalCounts(path: path, count: own, other: samples[0], otherCount: counts[0])
      }
    }
  }

  private func pixelFindings() throws -> [Finding] {
    guard let file = try statistics.map({ try MappedFile($0) }) ?? ModelDirectory.found(nil).statistics() else {
      throw CommandError("--statistics: the default model holds none; name a file")
    }
    let statistics = try ImageStatistics(SafetensorsFile(file)), reference = statistics.moments
    noteLeftOut("the statistics keep \(statistics.rank) of \(reference.dimension) directions", reference.shareOutside)
    return try samples.map { path in
      let images = try open(path, channels: statistics.shape.channels, clamps: true) { outputOptions.console.note($0) }
      let (distance, count, leftOut) = try pixelFrechetDistance(of: images, count: count, to: reference)
      noteLeftOut("\(path): 512 of \(reference.dimension) directions are kept", leftOut)
      return Finding(
        text: "\(path): \(count) images, pixel Frechet distance \(rounded(distance, digits: 3))",
        members: [
          "samples": .string(path), "images": .number(Double(count)), "pixel_frechet_distance": .number(distance),
        ])
    }
  }

  /// Says what part of the variance a distance knows in sum only.
  private func noteLeftOut(_ what: String, _ share: Double) {
    // Below it is the rounding of 32 bits.
    guard share > 1e-6 else { return }
    outputOptions.console.note(
      "\(what), which leave out \(rounded(100 * share, digits: 2)) % of the variance; it is spread evenly, so that the "
        + "distance is not exact")
  }

  /// Writes the features of a part of the samples.
  private func writePart(_ shard: Shard, _ request: FeatureOptions.Request) throws {
    guard let whole = request.featuresOutput else { return }
    let console = outputOptions.console, path = samples[0], output = shard.partFile(of: whole)
    try OutputFile.checkDistinct([output], readFrom: samples)
    try OutputFile.checkWritable(output)
    let source = try open(path, channels: request.classifier.imageChannels, clamps: true) { console.note($0) }
    if let count, source.count < count {
      throw EvaluationError.fewerThanAsked(path: path, count: source.count, asked: count)
    }
    let backend = try device.open(console)
    let display = ProgressDisplay(
      total: (count ?? source.count) / shard.count, unit: "images of \(path)", quiet: console.isQuiet)
    let part = try request.classifier.part(shard, of: source, rows: nil, count: count, on: backend) {
      display.update($0)
    }
    try OutputFile.write(part.file, to: output)
    try console.result(
      "\(output): \(part.images) images, part \(shard)",
      json: .object([
        "output": .string(output), "images": .number(Double(part.images)), "shard": .string(shard.description),
      ]))
  }

  private func featureFindings(
    _ request: FeatureOptions.Request, _ ranks: any Communicator
  ) throws -> [Finding] {
    let console = ranks.isRoot ? outputOptions.console : outputOptions.silent, classifier = request.classifier,
      extractor = try classifier.extractor
    let backend = try device.open(console), channels = classifier.imageChannels
    /// The features of images, with progress; on the first rank.
    func features(_ path: String, isData: Bool, rowLimit: Int) throws -> FeatureSet? {
      if !isData, FeatureSet.isArchive(path) {
        guard ranks.isRoot else { return nil }
        return try FeatureSet(
          archive: path, by: extractor, dimension: classifier.featureCount, questions: classifier.questions,
          count: count)
      }
      let source = try open(path, channels: channels, clamps: !isData) { console.note($0) }
      let asked = isData ? nil : count
      let display = ProgressDisplay(
        total: (asked ?? source.count) / ranks.size, unit: "images of \(path)", quiet: console.isQuiet)
      return try classifier.features(of: source, ranks, count: asked, rowLimit: rowLimit, on: backend) {
        display.update($0)
      }
    }
    let data = try request.measuredData.map { try features($0.path, isData: true, rowLimit: $0.rows) }
    guard ranks.isRoot else {
      for path in samples { _ = try features(path, isData: false, rowLimit: .max) }
      return []
    }
    let reference = try request.reference { data.flatMap(\.self).map { FeatureReference($0, by: extractor) } }
    return try samples.compactMap { path in
      guard let set = try features(path, isData: false, rowLimit: .max) else { return nil }
      if let output = request.featuresOutput {
        try OutputFile.write(set.archive(path: output, by: extractor), to: output)
      }
      let measures = try SampleMeasures(set, to: reference, request.settings, path: path)
      let members: [String: JSONValue] = [
        "samples": .string(path),
        "features": .object([
          "network": .string(extractor.name), "sha256": .string(extractor.sha256),
          "distance": .string(classifier.distanceName),
        ]),
        "reference": .object([
          "source": .string(request.referenceName),
          "images": reference.count.map { JSONValue.number(Double($0)) } ?? .null,
        ]),
      ]
      return Finding(
        text: "\(path): \(measures.text(by: classifier))", members: members.merging(measures.members) { $1 })
    }
  }
}
