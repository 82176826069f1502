import ArgumentParser
import DiffuseGPU

struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a denoiser on images, or a classifier.",
    discussion: """
      Ctrl-C and SIGTERM save and stop; --resume goes on, bit for bit on the same device. The folder holds checkpoints, log.jsonl, loss.svg \
      and grids of samples. --export writes the EMA weights as a pipeline directory, for `sample --model` and for \
      diffusers.

      Examples:
        diffuse-gpu train --data mnist/ --output run --export model
        diffuse-gpu train --data faces.bin --label 0 --flip --output run
        diffuse-gpu train --resume --output run --data mnist/ --export model
      """)

  @Option(
    help: ArgumentHelp(
      "Images: an IDX file, CIFAR batches, a .npy or .npz array, or a folder of one of these or of PNG files.",
      valueName: "path"))
  var data: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder of the run.", valueName: "folder"))
  var output: String

  @Option(help: ArgumentHelp("What is trained: diffusion or classifier.", valueName: "task"))
  var task = "diffusion"

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

  @Option(help: ArgumentHelp("Steps from one checkpoint to the next.", valueName: "steps"))
  var checkpointEvery = 500

  @Option(help: ArgumentHelp("Checkpoints that are kept.", valueName: "count"))
  var keep = 3

  @Option(help: ArgumentHelp("Steps from one grid of samples to the next; 0 for none.", valueName: "steps"))
  var samplesEvery = 1000

  @Option(help: ArgumentHelp("A PNG file that is rewritten with every grid of samples.", valueName: "file"))
  var preview: String?

  @OptionGroup(title: "How images are read")
  var reading: ImageReadingOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let console = outputOptions.console
    for (name, value) in [("--checkpoint-every", checkpointEvery), ("--keep", keep)] where value < 1 {
      throw CommandError("\(name) \(value): at least 1 is needed")
    }
    let form = try weightType(exportType, flag: "--export-type")
    var output = TrainingOutput(folder: self.output)
    (output.checkpointEvery, output.keep, output.preview) = (checkpointEvery, keep, preview)
    output.samplesEvery = samplesEvery > 0 ? samplesEvery : nil
    guard let task = TrainingSettings.Task(rawValue: task) else {
      throw CommandError("--task '\(task)': diffusion or classifier")
    }
    let settings = try settings.settings(task), backend = try device.open(console)
    let request = TrainingRequest(
      data: data, reading: reading.reading, configuration: config, settings: settings, output: output,
      resumes: resume)
    switch task {
    case .diffusion:
      if testData != nil { throw CommandError("--test-data: is for --task classifier") }
      let run = try request.denoiser(scheduler: scheduler, on: backend) { console.note($0) }
      try train(run.pipeline, console) { if let export { try run.export(to: export, as: form) } }
    case .classifier:
      if scheduler != nil { throw CommandError("--scheduler: is for --task diffusion") }
      let run = try request.classifier(on: backend) { console.note($0) }
      try train(run.pipeline, console) {
        if let export { try run.export(to: export, as: form) }
        if let testData { console.note(try run.accuracy(on: testData) { console.note($0) }.text) }
      }
    }
  }

  /// Trains with progress; what comes after the last step is done only then.
  private func train(_ pipeline: TrainingPipeline, _ console: Console, finish: () throws -> Void) throws {
    Interruption.listen()
    let display = TrainingDisplay(console), trainer = pipeline.trainer
    let isFinished = try pipeline.run(shouldStop: { Interruption.isRequested }) {
      display.update($0, of: trainer.settings.steps)
    }
    if isFinished { try finish() }
    console.result(
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
