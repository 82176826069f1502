import ArgumentParser
import DiffuseGPU

struct StatisticsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "statistics",
    abstract: "Collect the mean and covariance of a data set, for late starts and evaluation.",
    discussion: """
      One pass over IDX files (gzip or not), CIFAR-10 or CIFAR-100 binary files, a .npy or .npz array, or a folder of PNG files. Written \
      into a model directory as statistics.safetensors, they are found by `sample --late-start`. With --classifier they are those of its \
      features; written into its directory as reference.safetensors, they are found by `evaluate --classifier`.
      """)

  @Option(help: ArgumentHelp("A file or folder of images.", valueName: "path"))
  var data: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The file to write, .safetensors.", valueName: "file"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Directions of the covariance to keep, at most one an image.",
      discussion: "All by default, 512 where an image has more than \(MomentAccumulator.denseLimit) values.",
      valueName: "count"))
  var rank: Int?

  @Flag(help: "Store the directions in half precision.")
  var half = false

  @OptionGroup(title: "Features")
  var features: FeatureStatisticsOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup(title: "How images are read")
  var reading: ImageReadingOptions

  @OptionGroup
  var outputOptions: OutputOptions

  /// The most directions: their matrix of products takes 2 GB.
  private static let largestRank = 1 << 14

  func run() throws {
    let console = outputOptions.console
    try checkNumber("--rank", rank, in: 1...Self.largestRank)
    try features.check([(rank != nil, "--rank"), (half, "--half")])
    try OutputFile.checkDistinct([output], readFrom: [data] + [features.testData].compactMap(\.self))
    try OutputFile.checkWritable(output)
    let source = try Dataset.open(data, reading.reading) { console.note($0) }
    if let classifier = features.classifier { return try collectFeatures(of: source, by: classifier) }
    let display = ProgressDisplay(total: source.count, unit: "images", quiet: console.isQuiet)
    let statistics = try ImageStatistics(of: source, rank: rank) { display.update($0) }
    try OutputFile.write(statistics.encoded(basisType: half ? .float16 : .float32), to: output)
    let leading = statistics.eigenvalues.prefix(3).map { rounded($0, digits: 3) }.joined(separator: ", ")
    try console.result(
      """
      \(output): \(statistics.count) images of \(statistics.shape), variance \(rounded(statistics.totalVariance, digits: 3)), \
      \(statistics.rank) directions\(leading.isEmpty ? "" : ", the first of variance \(leading)")
      """,
      json: .object([
        "output": .string(output), "images": .number(Double(statistics.count)),
        "shape": .string(statistics.shape.description), "variance": .number(statistics.totalVariance),
        "rank": .number(Double(statistics.rank)), "remainder": .number(statistics.remainder),
        "eigenvalues": .array(statistics.eigenvalues.prefix(10).map { .number($0) }),
      ]))
  }
}
