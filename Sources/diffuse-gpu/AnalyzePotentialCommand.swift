import ArgumentParser
import DiffuseGPU

struct AnalyzePotentialCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "potential",
    abstract: "Draw a model's generative potential along arcs between two of its samples.",
    discussion: """
      Pairs of samples are drawn and stopped at the training steps of --steps; there the potential is integrated along \
      cos a x1 + sin a x2, in units of the rate, of the model and of the Gaussian with its data's moments. Writes potential.csv, \
      potential.json, potential.svg (the mean over all pairs) and potential-single.svg (the first pair) into the folder of --output, \
      where finished curves are kept: the same command goes on with them.
      """)

  @OptionGroup(title: "Model")
  var model: StudiedModelOptions

  @Option(
    help: ArgumentHelp(
      "Training steps, such as 700,400,100; by default .7, .5, .3 and .1 of all.", valueName: "list"))
  var steps: String?

  @Option(help: ArgumentHelp("Pairs of samples.", valueName: "count"))
  var pairs = 8

  @Option(help: ArgumentHelp("Angles of an arc, 9 k + 1 of which meet both samples.", valueName: "count"))
  var points = 46

  @Option(help: ArgumentHelp("The seed of the first sample.", valueName: "seed"))
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Steps of the sampler.", valueName: "count"))
  var samplerSteps = 50

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder of the analysis.", valueName: "folder"))
  var output: String

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let console = outputOptions.console
    try checkNumber("--pairs", pairs, in: 1...4096)
    try checkNumber("--points", points, in: 10...10_000)
    try checkNumber("--sampler-steps", samplerSteps, in: 1...SamplerError.largestSteps)
    try OutputFile.checkFolder(output)
    let studied = try model.open(device, console), last = studied.schedule.last
    let chosen =
      try steps.map { try TrainingStepList.steps(in: $0, flag: "--steps", last: last) }
      ?? [7, 5, 3, 1].map { max(1, $0 * studied.schedule.count / 10) }
    var settings = PotentialAnalysis.Settings(steps: chosen)
    (settings.pairs, settings.seed, settings.samplerSteps) = (pairs, seed, samplerSteps)
    settings.arc = PotentialArc(count: points)
    let store = try CellStore(output, studied.identity("analyze potential", version: packageVersion))
    let analysis = try PotentialAnalysis(studied, settings, in: store)
    let findings = try runStudy(console) { try analysis.run(shouldStop: $0, progress: $1) }
    try findings.write(to: store)
    try console.result(findings.text, json: findings.json)
  }
}
