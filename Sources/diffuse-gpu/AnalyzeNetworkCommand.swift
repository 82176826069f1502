import ArgumentParser
import DiffuseGPU

struct AnalyzeNetworkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "network",
    abstract: "Find the training step at which a model's symmetry breaks.",
    discussion: """
      Measures the largest multipliers of the model's average estimate at the data's mean: how much of a small deviation from the mean \
      survives denoising, averaged over noise. Beside them stands what the Gaussian with the data's moments has, which never \
      reaches 1. Writes network.csv, network.svg and network.json into the folder of --output, where finished steps are kept: \
      the same command goes on with them.
      """)

  @OptionGroup(title: "Model")
  var model: StudiedModelOptions

  @Option(
    help: ArgumentHelp(
      "The data set: its moments are the Gaussian, and the step above which the Gaussian predicts better is found.",
      valueName: "path"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Training steps, such as 900,800,700; by default from the last twentieth down to .3 of all, of an exact world to the first twentieth.",
      valueName: "list"
    ))
  var steps: String?

  @Option(help: ArgumentHelp("Draws of noise of an average, an even number.", valueName: "count"))
  var draws = 64

  @Option(help: ArgumentHelp("Sets of draws, by whose spread a crossing is known.", valueName: "count"))
  var sets = 4

  @Option(help: ArgumentHelp("Images of --data on which model and Gaussian are compared.", valueName: "count"))
  var errorImages = 256

  @Flag(help: "Follow the fixed point from the noisiest step, and measure there too: twice the work and more.")
  var fixedPoint = false

  @Flag(
    help: "Search for the fixed point of the drift itself too, near the origin, where no network was trained.")
  var bareCentre = false

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder of the analysis.", valueName: "folder"))
  var output: String

  @OptionGroup(title: "How images are read")
  var reading: ImageReadingOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let console = outputOptions.console
    try checkNumber("--draws", draws, in: 2...4096)
    try checkNumber("--sets", sets, in: 1...16)
    try checkNumber("--error-images", errorImages, in: 2...100_000)
    guard draws % 2 == 0 else {
      throw CommandError("--draws \(draws): an even number is needed, pairs of mirrored draws")
    }
    guard data == nil || model.world == nil else {
      throw CommandError("--world and --data exclude each other: an exact world knows its own moments")
    }
    try OutputFile.checkFolder(output)
    let source = try data.map { try Dataset.open($0, reading.reading) { console.note($0) } }
    let studied = try model.open(data: source, device, console)
    var settings = NetworkAnalysis.Settings(steps: try trainingSteps(of: studied.schedule))
    (settings.sets, settings.average.draws, settings.followsFixedPoint) = (sets, draws, fixedPoint)
    settings.searchesBareCentre = bareCentre
    let store = try CellStore(output, studied.identity("analyze network", version: packageVersion))
    let images = try data.map { try studied.images($0, reading, count: errorImages, console).values }
    let analysis = try NetworkAnalysis(studied, settings, images: images, in: store)
    let findings = try runStudy(console) { try analysis.run(shouldStop: $0, progress: $1) }
    if bareCentre, model.world == nil { warn(of: findings, shape: studied.shape, console) }
    try findings.write(to: store)
    try console.result(findings.text, json: findings.json)
  }

  /// Says how far the centres lie from what the network was trained on, and how well they are fixed points.
  private func warn(of findings: NetworkFindings, shape: ImageShape, _ console: Console) {
    let centres = findings.rows.compactMap(\.bareCentre), noise = Double(shape.count).squareRoot()
    guard let least = centres.map(\.norm).min(), let largest = centres.map(\.norm).max(),
      let residual = centres.map({ $0.residual * noise / max($0.norm, 1e-30) }).max()
    else { return }
    console.note(
      "--bare-centre: the network was not trained there, norms of \(rounded(least, digits: 3)) to "
        + "\(rounded(largest, digits: 3)) where noise has \(rounded(noise, digits: 3)); residuals are up to "
        + "\(rounded(residual, digits: 3)) of the norm")
  }

  /// The steps of `--steps`, or some that every schedule has.
  private func trainingSteps(of schedule: NoiseSchedule) throws(CommandError) -> [Int] {
    // Below .3 a network's multipliers are far above 1; exact worlds may split anywhere, and cost nothing.
    guard let steps else {
      return ((model.world == nil ? 6 : 1)...19).map { max(1, $0 * schedule.count / 20) }
    }
    return try TrainingStepList.steps(in: steps, flag: "--steps", last: schedule.last)
  }
}
