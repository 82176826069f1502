import ArgumentParser
import DiffuseGPU
import Foundation

struct LateStartFitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fit",
    abstract: "Fit the start of late runs from denoising errors, without a sample.",
    discussion: """
      One pass of the network over noised images tells how far the noised data are from the Gaussian with their moments, and what few \
      steps lose below each start. The start of least cost goes with each number of steps. Written into a model directory as \
      late_start.json, the fit is found by `sample --late-start auto`.
      """)

  @OptionGroup
  var network: NetworkOptions

  @Option(
    help: ArgumentHelp("A file or folder of images of the data that the model was trained on.", valueName: "path"))
  var data: String

  @Option(
    help: ArgumentHelp(
      "Statistics of the data; those of the model by default, or of the images if it holds none.", valueName: "file"))
  var statistics: String?

  @Option(help: ArgumentHelp("The kind of label that is the class; 0 in files with one kind.", valueName: "kind"))
  var label: Int?

  @Option(help: ArgumentHelp("Images that are noised.", valueName: "count"))
  var images = StartFit.Settings().images

  @Option(help: ArgumentHelp("Noise levels at which each is denoised.", valueName: "count"))
  var levels = StartFit.Settings().levels

  @Option(
    help: ArgumentHelp(
      "The signal-to-noise ratio from which on detail does not decide what is drawn.", valueName: "ratio"))
  var detailSnr = StartTime.Rule().detail

  @Option(help: ArgumentHelp("How much an error of the start counts beside one of a step.", valueName: "factor"))
  var weight = StartTime.Rule().weight

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The file to write; late_start.json in the model directory by default.", valueName: "file"))
  var output: String?

  @Option(help: ArgumentHelp("Draw both errors and their sum against the start, as SVG.", valueName: "file"))
  var chart: String?

  @OptionGroup(title: "How images are read")
  var reading: ImageReadingOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  /// Numbers of steps that are printed and drawn.
  private static let shownSteps = [10, 5, 3]

  func run() throws {
    let console = outputOptions.console, settings = settings
    try settings.check()
    let directory = try network.found()
    let output = try output ?? Self.path(in: directory)
    try OutputFile.checkDistinct(
      [output] + [chart].compactMap(\.self), readFrom: [data, statistics].compactMap(\.self))
    for path in [output] + [chart].compactMap(\.self) { try OutputFile.checkWritable(path) }
    var model = try Model(directory)
    if let statistics { model.statistics = .file(try MappedFile(statistics)) }
    for warning in model.warnings { console.note(warning) }
    let backend = try device.open(console), shape = try model.sampleShape(nil)
    let images = try StartFit.Images(of: source(console), count: images, for: model, shape, label: label)
    if images.count < self.images { console.note("\(data): holds \(images.count) images; all are taken") }
    let known = try ownStatistics(of: model, shape, console)
    let fit = try StartFit(model, settings, images: images, statistics: known?.gaussian(on: backend), on: backend)
    let display = ProgressDisplay(total: fit.evaluations, unit: "evaluations", quiet: console.isQuiet)
    Interruption.listen()
    guard let found = try fit.run(shouldStop: { Interruption.isRequested }, progress: display.update) else {
      console.note("stopped: nothing is written")
      throw ExitCode(130)
    }
    let result = LateStartFit(
      weights: model.fingerprints(), statistics: model.statistics?.file?.sha256, draws: images.count,
      rule: settings.rule, curve: found.curve)
    let report = try LateStartReport(result, of: model, differences: found.differences)
    try write(report, to: output, console)
  }

  private var settings: StartFit.Settings {
    var settings = StartFit.Settings()
    (settings.images, settings.levels) = (images, levels)
    (settings.rule.detail, settings.rule.weight) = (detailSnr, weight)
    return settings
  }

  private static func path(in directory: ModelDirectory) throws(CommandError) -> String {
    guard case .folder = directory.files else {
      throw CommandError("--output: \(directory.path) is carried by the program; name a file to write")
    }
    return directory.files.path(ModelDirectory.lateStartName)
  }

  private func source(_ console: Console) throws -> any ImageSource {
    try Dataset.open(data, reading.reading) { console.note($0) }
  }

  /// The statistics of the images where the model holds none.
  private func ownStatistics(of model: Model, _ shape: ImageShape, _ console: Console) throws -> ImageStatistics? {
    guard model.statistics == nil else { return nil }
    console.note("\(model.name): holds no statistics; those of \(data) are made")
    let source = try source(console)
    let display = ProgressDisplay(total: source.count, unit: "images", quiet: console.isQuiet)
    return try ImageStatistics(of: source) { display.update($0) }
  }

  private func write(_ report: LateStartReport, to output: String, _ console: Console) throws {
    let json = report.json
    if let chart { try OutputFile.write(report.chart(steps: Self.shownSteps).svg.utf8, to: chart) }
    try OutputFile.write((json.text + "\n").utf8, to: output)
    try console.result("\(output): \(report.fit.draws) images\n\(report.text(steps: Self.shownSteps))", json: json)
  }
}
