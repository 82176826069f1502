import ArgumentParser
import DiffuseGPU

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a denoiser on images, or a classifier.",
    discussion: """
      Ctrl-C, SIGTERM and SIGHUP save and stop; --resume goes on, bit for bit on the same device, with the network, scheduler, settings \
      and data of the last checkpoint that is whole. What is named again must agree; --steps, --learning-rate, --checkpoint-every, --keep, \
      --samples-every, --preview, --export and --device may change. The folder holds checkpoints, log.jsonl, loss.svg and grids of \
      samples. --export writes the EMA weights as a pipeline directory, for `sample --model` and for \
      diffusers.

      Examples:
        diffuse-gpu train --data mnist/ --output run --export model
        diffuse-gpu train --data faces.bin --label 0 --flip --output run
        diffuse-gpu train --resume --output run --export model
      """)

  @Option(
    help: ArgumentHelp(
      "Images: an IDX file, CIFAR batches, a .npy or .npz array, or a folder of one of these or of PNG files.",
      valueName: "path"))
  var data: String?

  @Flag(help: "With --resume: go on with other images than the run began with, of the same extents.")
  var allowOtherData = false

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder of the run.", valueName: "folder"))
  var output: String

  @Option(help: ArgumentHelp("What is trained: diffusion (the default) or classifier.", valueName: "task"))
  var task: String?

  @Option(
    help: ArgumentHelp(
      "A config.json of a UNet2DModel, or of a classifier; a small network by default.", valueName: "file"))
  var config: String?

  @Option(help: ArgumentHelp("A scheduler_config.json; DDPM's linear betas by default.", valueName: "file"))
  var scheduler: String?

  @Option(help: ArgumentHelp("Labelled images to measure the accuracy of a trained classifier on.", valueName: "path"))
  var testData: String?

  @OptionGroup(title: "How it is trained")
  var settings: TrainingOptions

  @Flag(help: "Go on from the folder's last checkpoint, with its settings.")
  var resume = false

  @Option(help: ArgumentHelp("Write the trained model as a pipeline directory.", valueName: "directory"))
  var export: String?

  @Option(help: ArgumentHelp("The form of the exported weights: F32, F16 or BF16.", valueName: "type"))
  var exportType = "F32"

  @Option(help: ArgumentHelp("Steps from one checkpoint to the next (500).", valueName: "steps"))
  var checkpointEvery: Int?

  @Option(help: ArgumentHelp("Checkpoints that are kept (3).", valueName: "count"))
  var keep: Int?

  @Option(help: ArgumentHelp("Steps from one grid of samples to the next; 0 for none (1000).", valueName: "steps"))
  var samplesEvery: Int?

  @Option(help: ArgumentHelp("A PNG file that is rewritten with every grid of samples.", valueName: "file"))
  var preview: String?

  @OptionGroup(title: "How images are read")
  var reading: ImageReadingOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let console = outputOptions.console, form = try weightType(exportType, flag: "--export-type")
    if allowOtherData, !resume { throw CommandError("--allow-other-data: is for --resume") }
    let start = try request().start { console.note($0) }
    if testData != nil, start.settings.task != .classifier {
      throw CommandError("--test-data: is for --task classifier")
    }
    let backend = try device.open(console)
    switch start.settings.task {
    case .diffusion:
      let run = try start.denoiser(on: backend) { console.note($0) }
      try train(run.pipeline, console) { if let export { try run.export(to: export, as: form) } }
    case .classifier:
      let run = try start.classifier(on: backend) { console.note($0) }
      try train(run.pipeline, console) {
        if let export { try run.export(to: export, as: form) }
        if let testData { console.note(try run.accuracy(on: testData) { console.note($0) }.text) }
      }
    }
  }

  private func request() throws -> TrainingRequest {
    var output = TrainingOutput(folder: self.output)
    (output.checkpointEvery, output.keep, output.samplesEvery) = (checkpointEvery, keep, samplesEvery)
    (output.preview, output.export) = (preview, export)
    var request = TrainingRequest(
      data: data, settings: try settings.named(choice(task, "--task")), output: output, resumes: resume)
    (request.configuration, request.scheduler, request.allowsOtherData) = (config, scheduler, allowOtherData)
    request.reading = reading.given
    return request
  }

  /// Trains with progress; what comes after the last step is done only then.
  private func train(_ pipeline: TrainingPipeline, _ console: Console, finish: () throws -> Void) throws {
    Interruption.listen()
    let display = TrainingDisplay(console), trainer = pipeline.trainer
    let isFinished = try pipeline.run(shouldStop: { Interruption.isRequested }) {
      display.update($0, of: trainer.settings.steps)
    }
    if isFinished { try finish() }
    try console.result(
      isFinished
        ? "\(output): \(trainer.step) steps in \(rounded(pipeline.seconds, digits: 0)) s"
          + (export.map { ", model in \($0)" } ?? "")
        : "\(output): stopped after \(trainer.step) of \(trainer.settings.steps) steps; go on with --resume",
      json: .object([
        "output": .string(output), "steps": .number(Double(trainer.step)), "finished": .boolean(isFinished),
        "seconds": .number(pipeline.seconds),
      ]))
    if !isFinished { throw ExitCode(130) }
  }
}
