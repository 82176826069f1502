import ArgumentParser
import DiffuseGPU
import Foundation

struct StatisticsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "statistics",
    abstract: "Collect the mean and covariance of a data set, or of a model's samples, for late starts and evaluation.",
    discussion: """
      One pass over the images. Written into a model directory as statistics.safetensors, they are found by `sample --late-start`. With \
      --per-class the file has those of each class as well, for `--late-start-init class-gaussian`. With --classifier they are those of \
      its features; written into its directory as reference.safetensors, they are found by `evaluate --classifier`. What the pass takes \
      of memory is checked first. Ctrl-C writes nothing.

      \(ImageReadingOptions.forms)
      """)

  @Option(help: ArgumentHelp("Images, in any form that is listed above; this or --model.", valueName: "path"))
  var data: String?

  @OptionGroup(title: "Samples of a model")
  var samples: SampleOptions

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

  @Flag(help: "Collect those of each class too, by the labels of the data or the classes of the samples.")
  var perClass = false

  @Option(
    help: ArgumentHelp(
      "The kind of label that makes the classes, where the data have several: 0 for the first, the last by default.",
      valueName: "kind"))
  var label: Int?

  @Option(
    help: ArgumentHelp(
      "Collect one of n parts of the images, such as 0/4, into a file of its own; `merge` joins them.",
      discussion: """
        Part 2 of 7 of out.safetensors is out.part-2-of-7.safetensors. Parts are cut at blocks of 1,024 images, and may be empty.
        """, valueName: "i/n"))
  var shard: Shard?

  @Flag(help: "With --shard: leave a part that is there already.")
  var skipExisting = false

  @OptionGroup(title: "Features")
  var features: FeatureStatisticsOptions

  @OptionGroup(title: "How images are read")
  var reading: ImageReadingOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  /// The most directions: their matrix of products takes 2 GB.
  private static let largestRank = 1 << 14

  func run() throws {
    let console = outputOptions.console
    try checkArguments()
    let output = shard?.partFile(of: output) ?? output
    if skipExisting, PartKind(of: output) != nil { return console.note("\(output) is there already") }
    try OutputFile.checkDistinct([output], readFrom: [data, features.testData].compactMap(\.self))
    try OutputFile.checkWritable(output)
    var request = StatisticsRequest(rank: rank, memoryLimit: try memoryLimit())
    (request.isPerClass, request.label) = (perClass, label)
    if let data {
      let source = try Dataset.open(data, reading.reading) { console.note($0) }
      if let classifier = features.classifier { return try collectFeatures(of: source, by: classifier) }
      let display = ProgressDisplay(total: source.count, unit: "images", quiet: console.isQuiet)
      if let shard {
        let part = try request.part(shard, of: source, half: half) { display.update($0) }
        return try write(part, shard, to: output, console)
      }
      try write(request.statistics(of: source) { display.update($0) }, origin: nil, console)
    } else {
      try collect(request, of: samples.request(), console)
    }
  }

  private func checkArguments() throws(CommandError) {
    try checkNumber("--rank", rank, in: 1...Self.largestRank)
    try checkNumber("--label", label, in: 0...255)
    try features.check([
      (rank != nil, "--rank"), (half, "--half"), (perClass, "--per-class"), (samples.model != nil, "--model"),
    ])
    guard (data == nil) != (samples.model == nil) else {
      throw CommandError("--data and --model: one of them is needed, for what the statistics are of")
    }
    if data != nil, let other = samples.others.first(where: \.isGiven) {
      throw CommandError("\(other.name): is for the samples of --model")
    }
    let ofData = [(label != nil, "--label")] + reading.named
    if data == nil, let other = ofData.first(where: { $0.0 }) { throw CommandError("\(other.1): is for --data") }
    if data == nil, shard != nil {
      throw CommandError("--shard: is for --data; sample --shard draws parts of a model's samples")
    }
    if skipExisting, shard == nil { throw CommandError("--skip-existing takes --shard") }
    if label != nil, !perClass { throw CommandError("--label: is for --per-class") }
  }

  /// The memory that may be taken: what is asked for, or the machine's.
  private func memoryLimit() throws -> Int {
    try device.options().memoryBudget ?? Int(clamping: ProcessInfo.processInfo.physicalMemory)
  }

  /// Draws the samples and writes their statistics.
  private func collect(_ request: StatisticsRequest, of run: SamplingRequest, _ console: Console) throws {
    let opened = try run.open(note: console.note) { try .found($0, variant: $1, checkpoint: $2) }
    let options = try device.options(), backend = try device.open(console, options)
    let pipeline = try SamplingPipeline(opened.model, opened.settings, on: backend)
    var record = try RunRecord(
      run, fingerprints: opened.fingerprints, pipeline, machine: .init(backend, options), version: packageVersion)
    for notice in pipeline.notices { console.note(notice) }
    let count = pipeline.settings.seeds.count, steps = pipeline.plan.steps.count
    let display = ProgressDisplay(total: count * steps, unit: "image steps", quiet: console.isQuiet)
    Interruption.listen()
    let statistics = try pipeline.statistics(
      request, shouldStop: { Interruption.isRequested },
      progress: {
        display.update($0.finishedImages * steps + $0.seeds.count * ($0.state.index + 1))
        record.evaluations = $0.state.evaluations
      })
    guard let statistics else {
      console.note("stopped: nothing is written")
      throw ExitCode(130)
    }
    try write(statistics, origin: pipeline.origin(record), console)
  }

  /// Writes a part.
  func write(_ part: (file: [UInt8], images: Int), _ shard: Shard, to output: String, _ console: Console) throws {
    try OutputFile.write(part.file, to: output)
    try console.result(
      "\(output): \(part.images) images, part \(shard)",
      json: .object([
        "output": .string(output), "images": .number(Double(part.images)), "shard": .string(shard.description),
      ]))
  }

  private typealias Statistics = (all: ImageStatistics, classes: ClassStatistics?)

  private func write(_ found: Statistics, origin: ImageOrigin?, _ console: Console) throws {
    let statistics = found.all, counts = found.classes?.counts
    let encoded = try statistics.encoded(
      basisType: half ? .float16 : .float32, classes: found.classes, origin: origin)
    try OutputFile.write(encoded, to: output)
    let leading = statistics.eigenvalues.prefix(3).map { rounded($0, digits: 3) }.joined(separator: ", ")
    try console.result(
      """
      \(output): \(statistics.count) images of \(statistics.shape), variance \(rounded(statistics.totalVariance, digits: 3)), \
      \(statistics.rank) directions\(leading.isEmpty ? "" : ", the first of variance \(leading)")\
      \(counts.map { ", \($0.count) classes" } ?? "")
      """,
      json: .object([
        "output": .string(output), "images": .number(Double(statistics.count)),
        "shape": .string(statistics.shape.description), "variance": .number(statistics.totalVariance),
        "rank": .number(Double(statistics.rank)), "remainder": .number(statistics.remainder),
        "eigenvalues": .array(statistics.eigenvalues.prefix(10).map { .number($0) }),
        "class_counts": counts.map { .array($0.map { .number(Double($0)) }) } ?? .null,
        "origin": origin.map { .string($0.text) } ?? .null,
      ]))
  }
}
