import ArgumentParser
import DiffuseGPU
import Foundation

struct TrainCommand: RankedCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a denoiser on images, or a classifier.",
    discussion: """
      Ctrl-C, SIGTERM and SIGHUP save and stop, and so do a file called stop in the folder and --time-limit, with exit status 75; --resume goes on, bit for bit on the same device, with the network, scheduler, settings \
      and data of the last checkpoint that is whole. What is named again must agree; --steps, --learning-rate, --checkpoint-every, --keep, \
      --samples-every, --preview, --export and --device may change. The folder holds checkpoints, log.jsonl, loss.svg and grids of \
      samples. --export writes the EMA weights as a pipeline directory, for `sample --model` and for \
      diffusers.

      Examples:
        diffuse-gpu train --data mnist/ --output run --export model
        diffuse-gpu train --data faces.bin --label 0 --flip --output run
        diffuse-gpu train --resume --output run --export model
        diffuse-gpu train --from mnist --data digits/ --learning-rate 0.0001 --output run
        mpirun -n 4 diffuse-gpu train --data mnist/ --output run

      \(ImageReadingOptions.forms)
      """)

  @Option(
    help: ArgumentHelp("Images, in any form that is listed above.", valueName: "path"))
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

  @Option(
    help: ArgumentHelp(
      "Begin with this model's weights, and with its network and scheduler: what sample takes as --model, or classify as --classifier.",
      valueName: "model"))
  var from: String?

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

  @Option(
    help: ArgumentHelp(
      "Save and stop once so much time has passed since the start: hours:minutes:seconds, or 90s, 45m, 12h; leave some for the checkpoint.",
      valueName: "time"))
  var timeLimit: String?

  @OptionGroup(title: "How images are read")
  var reading: ImageReadingOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let form = try weightType(exportType, flag: "--export-type"), limit = try timeLimit.map { try TimeLimit($0) }
    if allowOtherData, !resume { throw CommandError("--allow-other-data: is for --resume") }
    let ranks = try Ranks.connect(), console = ranks.isRoot ? outputOptions.console : outputOptions.silent
    let start = try request(ranks, console.note).start(console.note)
    if testData != nil, start.settings.task != .classifier {
      throw CommandError("--test-data: is for --task classifier")
    }
    let backend = try device.open(console)
    switch start.settings.task {
    case .diffusion:
      let run = try start.denoiser(on: backend) { console.note($0) }
      try train(run.pipeline, console, limit) { if let export { try run.export(to: export, as: form) } }
    case .classifier:
      let run = try start.classifier(on: backend) { console.note($0) }
      try train(run.pipeline, console, limit) {
        if let export { try run.export(to: export, as: form) }
        if let accuracy = try run.accuracy() { console.note(accuracy.text) }
      }
    }
  }

  private func request(_ ranks: any Communicator, _ note: (String) -> Void) throws -> TrainingRequest {
    var output = TrainingOutput(folder: self.output)
    (output.checkpointEvery, output.keep, output.samplesEvery) = (checkpointEvery, keep, samplesEvery)
    (output.preview, output.export) = (preview, export)
    var settings = try settings.named(choice(task, "--task"))
    if !resume, ranks.size > 1, settings.sources["parts"] == nil { settings.set("parts", \.parts, to: ranks.size) }
    var request = TrainingRequest(data: data, settings: settings, output: output, resumes: resume)
    request.origin = try origin(settings.values.task, note)
    (request.ranks, request.program) = (ranks, "diffuse-gpu \(packageVersion)")
    (request.configuration, request.scheduler, request.allowsOtherData) = (config, scheduler, allowOtherData)
    (request.testData, request.reading) = (testData, reading.given)
    return request
  }

  /// The model that the run begins with, which brings what else would be named.
  private func origin(_ task: TrainingSettings.Task, _ note: (String) -> Void) throws -> TrainingOrigin? {
    guard let from else { return nil }
    if resume { throw CommandError("--from: is for a new run; --resume has the weights of its checkpoint") }
    for (flag, value) in [("--config", config), ("--scheduler", scheduler)] where value != nil {
      throw CommandError("\(flag): --from \(from) brings its own; leave it out")
    }
    return switch task {
    case .diffusion: .denoiser(try Model(ModelDirectory.found(from, note: note), note: note))
    case .classifier: .classifier(try ClassifierModel.found(from, note: note))
    }
  }

  /// Trains with progress; what comes after the last step is done only then, by the first rank.
  private func train(
    _ pipeline: TrainingPipeline, _ console: Console, _ limit: TimeLimit?, finish: () throws -> Void
  ) throws {
    Interruption.listen()
    let display = TrainingDisplay(console), trainer = pipeline.trainer, stopFile = pipeline.output.stopFile
    let shouldStop = {
      Interruption.isRequested || limit?.isReached == true || FileManager.default.fileExists(atPath: stopFile)
    }
    let isFinished = try pipeline.run(shouldStop: shouldStop) { display.update($0, of: trainer.settings.steps) }
    guard trainer.communicator.isRoot else { return }
    // Who goes on must not be stopped again by what has been obeyed.
    try? FileManager.default.removeItem(atPath: stopFile)
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
    if !isFinished { throw ExitCode(Interruption.isRequested ? 130 : Self.statusToGoOn) }
  }

  /// The exit status of a run that a limit or a file stopped, for scripts that start it again: `EX_TEMPFAIL` of sysexits.h.
  private static let statusToGoOn: Int32 = 75
}
