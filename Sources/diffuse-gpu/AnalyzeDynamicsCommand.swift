import ArgumentParser
import DiffuseGPU

struct AnalyzeDynamicsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dynamics",
    abstract: "Find out when a model's samples decide what they become.",
    discussion: """
      Samples are cloned and turned back at the training steps of --steps, and classified: the share of pairs that agree falls \
      from 1 to the sum of the squared shares of the classes. Further come the decision time of each sample, the rate of the \
      entropy from denoising losses, where the exact score of the data would collapse onto single ones of them, and what the Gaussian with \
      the data's moments explains. Writes clones, decisions and losses as .csv and \
      .svg, and dynamics.json, into the folder of --output, where finished parts are kept: the same command goes on with them.
      """)

  @OptionGroup(title: "Model")
  var model: StudiedModelOptions

  @Option(
    help: ArgumentHelp(
      "A classifier's directory, or a pretrained one such as mnist-classifier.", valueName: "directory"))
  var classifier: String

  @Option(
    help: ArgumentHelp(
      "Images of which denoising losses are taken; the samples themselves by default.", valueName: "path"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Training steps at which samples are cloned; by default a twentieth and nine tenths of all.", valueName: "list"))
  var steps: String?

  @Option(help: ArgumentHelp("Samples.", valueName: "count"))
  var count = 200

  @Option(help: ArgumentHelp("The seed of the first sample.", valueName: "seed"))
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Steps of the sampler.", valueName: "count"))
  var samplerSteps = 50

  @Option(help: ArgumentHelp("Images of which denoising losses are taken.", valueName: "count"))
  var lossImages = 128

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
    try checkNumber("--count", count, in: 2...1_000_000)
    try checkNumber("--sampler-steps", samplerSteps, in: 1...SamplerError.largestSteps)
    try checkNumber("--loss-images", lossImages, in: 2...100_000)
    try OutputFile.checkFolder(output)
    let classifier = try ClassifierModel.found(classifier), studied = try model.open(device, console)
    // A folder is not taken for what cannot be run.
    try classifier.check(studied)
    let last = studied.schedule.last
    let chosen =
      try steps.map { try TrainingStepList.steps(in: $0, flag: "--steps", last: last) }
      ?? [1, 2, 4, 6, 8, 10, 12, 14, 16, 18].map { max(1, $0 * studied.schedule.count / 20) }
    guard Set(chosen).count > 1 else { throw CommandError("--steps: at least two are needed") }
    var settings = DynamicsAnalysis.Settings(steps: chosen)
    (settings.count, settings.seed) = (count, seed)
    (settings.samplerSteps, settings.lossImages) = (samplerSteps, lossImages)
    var images: [Float]?
    if let data {
      let found = try studied.images(data, reading, count: lossImages, console)
      (images, settings.dataCount) = (found.values, found.count)
    }
    let store = try CellStore(
      output, studied.identity("analyze dynamics", classifier: classifier, version: packageVersion))
    let analysis = try DynamicsAnalysis(studied, classifier: classifier, settings, images: images, in: store)
    let findings = try runStudy(console) { try analysis.run(shouldStop: $0, progress: $1) }
    try findings.write(to: store)
    try console.result(findings.text, json: findings.json)
  }
}
