import ArgumentParser
import DiffuseGPU

struct LikelihoodCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "likelihood",
    abstract: "Measure how likely images are under a model, in bits per dimension.",
    discussion: """
      Follows the probability flow of every image from the data to the noise (Song and others 2021), with steps that adapt, and adds up what \
      it does to the density. The flow's divergence is Hutchinson's estimate from random signs, which is unbiased; --probes averages \
      several. Images of 8 bits are given noise over the width of a byte's step, and what is printed is then the code length of their bytes, \
      an upper bound of it on average; that of other images is of their densities in -1...1. Images are taken evenly spaced \
      through the data. Ctrl-C prints what is finished.

      \(ImageReadingOptions.forms)
      """)

  @OptionGroup
  var network: NetworkOptions

  @Option(
    help: ArgumentHelp("An exact world instead: two-points, mixture:FILE or gaussian:STATISTICS.", valueName: "world"))
  var world: String?

  @Option(help: ArgumentHelp("Images, in any form that is listed above.", valueName: "path"))
  var data: String

  @Option(help: ArgumentHelp("The most images to measure.", valueName: "number"))
  var count = 128

  @Option(help: ArgumentHelp("Vectors of random signs for each image, a pass back each.", valueName: "number"))
  var probes: Int?

  @Flag(help: "Take the divergence exactly, by a pass back for every value of an image: for small ones.")
  var exactTrace = false

  @Option(help: ArgumentHelp("The tolerance of the flow's integration.", valueName: "number"))
  var tolerance = LikelihoodRun.Settings().tolerance

  @Flag(inversion: .prefixedNo, help: "Spread images of 8 bits over the steps of their bytes.")
  var dequantize = true

  @Option(help: ArgumentHelp("The seed of random signs and of the spreading.", valueName: "seed"))
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp("Images that are followed together; as many as are of use by default.", valueName: "count"))
  var batch: Int?

  @Option(
    help: ArgumentHelp(
      "The kind of label that is the class, for class-conditional models; 0 in files with one kind.", valueName: "kind")
  )
  var label: Int?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write the result, with the bits of every image, as JSON.", valueName: "file"))
  var output: String?

  @OptionGroup(title: "How images are read")
  var reading: ImageReadingOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let console = outputOptions.console, settings = try settings
    try checkNumber("--count", count, in: 1...1_000_000)
    try settings.check()
    if let output {
      try OutputFile.checkDistinct([output], readFrom: [data])
      try OutputFile.checkWritable(output)
    }
    let request = SamplingRequest(model: try network.reference(orWorld: world), settings: SamplingSettings(seeds: [0]))
    let model = try request.open(note: console.note) { try .found($0, variant: $1, checkpoint: $2) }.model
    for warning in model.warnings { console.note(warning) }
    let backend = try device.open(console, device.analysisOptions()), shape = try model.sampleShape(nil)
    let source = try Dataset.open(data, reading.reading, channels: shape.channels) { console.note($0) }
    let images = try StartFit.Images(of: source, count: count, for: model, shape, label: label, least: 1)
    if images.count < count { console.note("\(data): holds \(images.count) images; all are taken") }
    let run = try LikelihoodRun(model, settings, images: images, on: backend)
    // Images are followed together, and their number would stand still for long.
    let display = ProgressDisplay(total: 100, unit: "per cent of the way", quiet: console.isQuiet)
    Interruption.listen()
    let result = try run.run(shouldStop: { Interruption.isRequested }) {
      display.update(Int(100 * $0 / Double(images.count)))
    }
    guard !result.logDensities.isEmpty else {
      console.note("stopped: no image is finished")
      throw ExitCode(130)
    }
    var members = result.json.object ?? [:]
    members.merge([
      "model": .string(model.name), "data": .string(data), "tolerance": .number(tolerance),
      "probes": exactTrace ? .null : .number(Double(probes ?? 1)), "seed": .string("\(seed)"),
    ]) { $1 }
    let json = JSONValue.object(members)
    if let output { try OutputFile.write((json.text + "\n").utf8, to: output) }
    try console.result(text(of: result), json: json)
    if result.wasStopped { throw ExitCode(130) }
  }

  private var settings: LikelihoodRun.Settings {
    get throws {
      if exactTrace, probes != nil { throw CommandError("--probes and --exact-trace exclude each other") }
      var settings = LikelihoodRun.Settings()
      settings.trace = exactTrace ? .exact : .estimated(probes: probes ?? 1)
      (settings.tolerance, settings.dequantizes, settings.seed, settings.batch) = (tolerance, dequantize, seed, batch)
      return settings
    }
  }

  private func text(of result: LikelihoodRun.Result) -> String {
    let (bits, error) = result.mean
    let kind = result.isOfBytes ? "of their bytes" : "of densities in -1...1"
    return """
      \(data): \(result.logDensities.count) images, \(rounded(bits, digits: 4)) bits per dimension\
      \(error.map { " (standard error \(rounded($0, digits: 4)))" } ?? "") \(kind); \
      \(rounded(result.evaluations, digits: 0)) evaluations an image
      """
  }
}
