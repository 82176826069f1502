import ArgumentParser
import DiffuseGPU

/// Statistics of a data set in the features of a classifier.
struct FeatureStatisticsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Collect the statistics of a classifier's features, for `evaluate --reference`; an .npz file then holds mu and sigma alone.",
      discussion: "Or of Inception's, whose directory `convert-inception` makes.",
      valueName: "directory"))
  var classifier: String?

  @Option(help: ArgumentHelp("Keep the features of so many images, which kid and pr take.", valueName: "number"))
  var rows: Int?

  @Option(
    help: ArgumentHelp(
      "Labelled images that the classifier was not trained on: its errors on them correct compositions.",
      valueName: "path"))
  var testData: String?

  /// A file of features in half precision of as many rows takes a gigabyte.
  private static let rowRange = 0...1 << 22

  /// The fault of flags that only go with a classifier, or do not go with one.
  func check(_ others: [(isNamed: Bool, flag: String)]) throws(CommandError) {
    guard classifier != nil else {
      for (isNamed, flag) in [(rows != nil, "--rows"), (testData != nil, "--test-data")] where isNamed {
        throw CommandError("\(flag) takes --classifier")
      }
      return
    }
    try checkNumber("--rows", rows, in: Self.rowRange)
    for other in others where other.isNamed { throw CommandError("\(other.flag) and --classifier exclude each other") }
  }
}

extension StatisticsCommand {
  /// Writes the reference of a data set in the features of a classifier.
  func collectFeatures(of source: any ImageSource, by name: String) throws {
    let console = outputOptions.console, isArchive = output.lowercased().hasSuffix(".npz")
    if isArchive, features.rows != nil || features.testData != nil {
      throw CommandError(
        "--output \(output): holds mu and sigma alone; --rows and --test-data take a .safetensors file")
    }
    let network = try FeatureExtractors.found(name, note: console.note), classifier = network as? ClassifierModel
    if let testData = features.testData, classifier == nil {
      throw CommandError("--test-data \(testData): is for classes, and \(name) has none")
    }
    if shard != nil, let testData = features.testData {
      throw CommandError(
        "--test-data \(testData): the errors of a classifier are found by one process, without --shard")
    }
    try network.check(source.shape, path: source.path)
    let backend = try device.open(console)
    if let shard {
      let display = ProgressDisplay(total: source.count / shard.count, unit: "images", quiet: console.isQuiet)
      let part = try network.part(shard, of: source, rows: features.rows ?? 0, on: backend) { display.update($0) }
      return try write(part, shard, to: shard.partFile(of: output), console)
    }
    let display = ProgressDisplay(total: source.count, unit: "images", quiet: console.isQuiet)
    let set = try network.features(of: source, on: backend, rowLimit: features.rows ?? 0) { display.update($0) }
    let report = try features.testData.flatMap { path in
      try classifier?.report(
        on: Dataset.open(path, reading.reading, channels: source.shape.channels) { console.note($0) }, backend)
    }
    let extractor = try network.extractor
    let reference = FeatureReference(set, by: extractor, report: report)
    try OutputFile.write(isArchive ? reference.archive(path: output) : reference.encoded(), to: output)
    try console.result(
      """
      \(output): \(set.count) images (\(eightBitRule)) in \(set.dimension) features of \(name), \
      variance \(rounded(set.moments.totalVariance, digits: 3)), \(reference.rowCount) rows
      """,
      json: .object([
        "output": .string(output), "images": .number(Double(set.count)), "quantization": .string(eightBitRule),
        "features": .object([
          "network": .string(extractor.name), "sha256": .string(extractor.sha256),
        ]),
        "dimension": .number(Double(set.dimension)), "variance": .number(set.moments.totalVariance),
        "rows": .number(Double(reference.rowCount)),
      ]))
  }
}
