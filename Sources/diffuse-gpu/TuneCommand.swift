import ArgumentParser
import DiffuseGPU

struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune",
    abstract: "Find the fastest kernels of an OpenCL device for the layers of a network, by trying them.",
    discussion: """
      Every variant of each convolution is run, checked against the device's own choice and timed. What is found is kept for the device, \
      its driver and the precision, and all commands take it from there on; DIFFUSE_TUNING=off leaves it aside, and --forget removes it. \
      Layers that have been tuned are left as they are, so that a run that was stopped goes on. Results of a tuned device differ in \
      their last bits from those of one that is not, and never by the batch.
      """)

  @OptionGroup
  var network: NetworkOptions

  @Option(help: ArgumentHelp("Images of an evaluation.", valueName: "count"))
  var batch = 16

  @Option(help: ArgumentHelp("Height and width, such as 32 or 32x48; the model's own by default.", valueName: "size"))
  var size: String?

  @Flag(help: "Try layers again that have been tuned.")
  var again = false

  @Flag(help: "Forget what was found for the device, and end.")
  var forget = false

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let console = outputOptions.console
    try checkNumber("--batch", batch, in: 1...SamplingSettings.largestBatch)
    let options = try device.options()
    if options.isExact { throw CommandError("--exact: leaves nothing to choose") }
    let backend = try device.open(console, options)
    guard let tunable = backend as? any TunableConvolutions else {
      throw CommandError("--device: \(backend.device.name) has no variants to choose from; name an OpenCL device")
    }
    guard !forget else {
      let wasThere = TuningFile.remove(for: tunable)
      return try console.result(
        wasThere ? "\(backend.device.name): its own choices again" : "\(backend.device.name): was not tuned",
        json: .object(["device": .string(backend.device.name), "forgotten": .boolean(wasThere)]))
    }
    let model = try Model(network.found(note: console.note), note: console.note)
    let shape = try model.sampleShape(size.map { try ImageSize(argument: $0) })
    let tuner = try ConvolutionTuner(model, shape, batch: batch, on: tunable)
    try tune(tunable, tuner, console)
  }

  private func tune(_ backend: any TunableConvolutions, _ tuner: ConvolutionTuner, _ console: Console) throws {
    var tuning = try TuningFile.read(for: backend) ?? ConvolutionTuning()
    if again { for layer in tuner.layers { tuning[layer] = nil } }
    let open = tuner.layers.filter { tuning[$0] == nil }
    let display = ProgressDisplay(total: open.count, unit: "layers", quiet: console.isQuiet)
    Interruption.listen()
    var findings: [ConvolutionTuner.Finding] = []
    let isWhole = try tuner.run(over: &tuning, shouldStop: { Interruption.isRequested }) { finding, tuning in
      try TuningFile.write(tuning, for: backend)
      findings.append(finding)
      display.update(findings.count)
    }
    let text =
      open.isEmpty
      ? "\(backend.device.name): all \(tuner.layers.count) layers have been tuned; --again tries them anew"
      : findings.text(of: backend)
    try console.result(text, json: findings.json(tuning, file: TuningFile.path(for: backend), of: backend))
    if !isWhole { throw ExitCode(130) }
  }
}
