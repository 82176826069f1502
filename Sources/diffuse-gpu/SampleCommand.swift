public import ArgumentParser
public import DiffuseGPU
import Foundation

struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Sample images from a model.",
    discussion: """
      The form of the output follows from its name: a folder of PNG files (one a seed), a .png grid, a .npz archive (arr_0, uint8, as \
      FID tools expect) or a .npy array (raw values, not clipped). What made the images is kept in PNG text chunks and in a JSON \
      file beside them. Image i depends on its seed and the settings only, not on the batch or the device. Ctrl-C keeps the images \
      that are finished.
      """)

  @OptionGroup(title: "Model and sampler")
  var model: ModelOptions

  @OptionGroup(title: "Where a run begins")
  var start: StartOptions

  @OptionGroup(title: "Images and output")
  var images: ImageOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var output: OutputOptions

  struct ModelOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "A diffusers model directory, or a carried model: mnist (the default), fashion-mnist or faces.",
        valueName: "path"))
    var model: String?

    @Option(help: ArgumentHelp("A variant of the weights, such as fp16.", valueName: "name"))
    var variant: String?

    @Option(
      help: ArgumentHelp(
        "A data set whose exact score takes the network's place.",
        discussion: """
          The posterior mean over all its images: samples end on images of the set. Files and folders as `statistics` reads them; \
          the model still gives the schedule.
          """, valueName: "path"))
    var data: String?

    @Option(
      help: ArgumentHelp(
        "The sampler: \(SamplerName.allCases.map(\.rawValue).joined(separator: ", ")).",
        discussion: "The model's own scheduler by default.", valueName: "name"))
    var sampler: String?

    @Option(help: ArgumentHelp("A scheduler_config.json to use instead.", valueName: "file"))
    var schedulerConfig: String?

    @Option(help: ArgumentHelp("Steps of the sampler.", valueName: "count"))
    var steps = 50

    @Option(help: ArgumentHelp("DDIM: the share of fresh noise, 0 to 1.", valueName: "share"))
    var eta: Double?

    @Flag(help: "DDIM: end each step where the next begins, also where diffusers does not.")
    var correctSteps = false

    @Flag(
      name: .customLong("no-clip"),
      help: ArgumentHelp(
        "Leave estimates of clean images as they are, also where the scheduler would clip them.",
        discussion: "Clipping draws early estimates to the middle of the range, and so changes which classes are drawn."
      ))
    var isUnclipped = false

    @Option(
      name: .customLong("class"), help: ArgumentHelp("The class, for class-conditional models.", valueName: "label"))
    var classLabel: Int?

    @Option(
      help: ArgumentHelp(
        """
        Guidance without a classifier: how far predictions are carried past those of no class, the last row of the network's \
        table; 1 for none.
        """,
        valueName: "weight"))
    var guidance = 1.0
  }

  struct StartOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "Start late, at this training step, instead of at the prior.",
        discussion: "The early steps relax towards a fixed point and need not be simulated (Raya and Ambrogioni 2023).",
        valueName: "step"))
    var lateStart: Int?

    @Option(
      help: ArgumentHelp(
        "The state of a late start: gaussian, flow or noise.",
        discussion: """
          gaussian: fresh normals with the data's mean and covariance; flow: the prior noise carried along the Gaussian's \
          probability flow, which keeps each seed's image; noise: plain normals, the baseline.
          """, valueName: "kind"))
    var lateStartInit: LateStartKind = .gaussian

    @Option(help: ArgumentHelp("Statistics of the data, if the model directory holds none.", valueName: "file"))
    var statistics: String?

    @Option(help: ArgumentHelp("Real pictures to noise and denoise; needs --from.", valueName: "path"))
    var inputImages: String?

    @Option(help: ArgumentHelp("The training step to which --input-images are noised.", valueName: "step"))
    var from: Int?

    @Option(help: ArgumentHelp("Noise to begin with, .npy [count, channels, height, width].", valueName: "file"))
    var initialNoise: String?

    @Option(help: ArgumentHelp("Noise of the steps, .npy [draws, count, channels, height, width].", valueName: "file"))
    var stepNoise: String?

    @Option(
      help: ArgumentHelp(
        "The generator: philox (the same on all devices) or torch (PyTorch's CPU generator).", valueName: "name"))
    var rng: NoiseGenerator = .philox
  }

  struct ImageOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The seed of the first image.", valueName: "seed"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("Images, with seeds from --seed upwards; 16 by default.", valueName: "count"))
    var count: Int?

    @Option(help: ArgumentHelp("The seeds of all images, such as 0-63,100.", valueName: "list"))
    var seeds: String?

    @Option(help: ArgumentHelp("Height and width, such as 32 or 32x48; the model's own by default.", valueName: "size"))
    var size: String?

    @Option(help: ArgumentHelp("Images sampled together; as many as fit by default.", valueName: "count"))
    var batch: Int?

    @Option(name: .shortAndLong, help: ArgumentHelp("A folder, .png, .npz or .npy.", valueName: "path"))
    var output = "samples.png"

    @Flag(help: "Skip images that are there already.")
    var skipExisting = false

    @Option(help: ArgumentHelp("How often each pixel of a grid is repeated in both directions.", valueName: "times"))
    var zoom = 1

    @Option(help: ArgumentHelp("Write a grid every so many steps.", valueName: "steps"))
    var saveEvery: Int?

    @Option(help: ArgumentHelp("Write the trajectory as an animated PNG.", valueName: "file"))
    var animate: String?

    @Option(
      help: ArgumentHelp("What those show: denoised (the estimate of the clean image) or noisy.", valueName: "view"))
    var show: TrajectoryRecorder.View = .denoised
  }

  func run() throws {
    let console = output.console
    var model = try Model(self.model.model, variant: self.model.variant)
    if let file = start.statistics { model.statistics = try ImageStatistics(SafetensorsFile(file)) }
    var settings = try SamplingSettings(arguments: self, model: model)
    if let data = settings.data, settings.needsStatistics, start.statistics == nil {
      model.statistics = try ImageStatistics(of: data)
    }
    if images.skipExisting {
      settings.seeds = ImageOutput.missing(settings.seeds, in: images.output)
      guard !settings.seeds.isEmpty else { return console.note("all images are there already") }
    }
    let backend = try device.open(console)
    let pipeline = try SamplingPipeline(model, settings, on: backend)
    for notice in pipeline.notices { console.note(notice) }
    let sink = try ImageOutput.open(images.output, pipeline.imageShape, zoom: images.zoom)
    try sample(pipeline, into: sink, on: backend.device, console)
  }

  /// Runs the pipeline with everything that watches it.
  private func sample(
    _ pipeline: SamplingPipeline, into sink: any ImageSink, on device: DeviceDescription, _ console: Console
  ) throws {
    var sink = sink
    var recorder =
      recordsTrajectory ? TrajectoryRecorder(pipeline, every: images.saveEvery ?? 1, view: images.show) : nil
    let steps = pipeline.plan.steps.count
    let seeds = pipeline.settings.seeds
    let display = ProgressDisplay(total: seeds.count * steps, unit: "image steps", quiet: console.isQuiet)
    Interruption.listen()
    let summary = try pipeline.run(
      shouldStop: { Interruption.isRequested },
      progress: { progress in
        try recorder?.record(progress)
        display.update(progress.finishedImages * steps + progress.seeds.count * (progress.state.index + 1))
      },
      finished: { finished in
        let record = RunRecord(
          pipeline, device: device.name, version: packageVersion, evaluations: finished.evaluations)
        try sink.append(finished.values, seeds: finished.seeds, record: record)
      })
    let record = RunRecord(pipeline, device: device.name, version: packageVersion, evaluations: summary.evaluations)
    try sink.finish(record)
    if images.saveEvery != nil { try recorder?.writeGrids(beside: images.output, zoom: images.zoom) }
    if let path = images.animate { try recorder?.writeAnimation(to: path, zoom: images.zoom) }
    report(summary, of: seeds.count, record, device, console)
    if summary.wasStopped { throw ExitCode(130) }
  }

  private var recordsTrajectory: Bool { images.saveEvery != nil || images.animate != nil }

  private func report(
    _ summary: SamplingPipeline.Summary, of count: Int, _ record: RunRecord, _ device: DeviceDescription,
    _ console: Console
  ) {
    if summary.wasStopped { console.note("stopped: \(summary.images) of \(count) images are finished") }
    guard summary.images > 0 else { return }
    var values = record.values
    values["images"] = .number(Double(summary.images))
    values["seconds"] = .number(summary.seconds)
    values["output"] = .string(images.output)
    console.result(
      """
      \(images.output): \(summary.images) images, \(model.steps) steps, \(summary.evaluations) function evaluations, \
      \(rounded(summary.seconds, digits: 2)) s on \(device.name)
      """, json: .object(values))
  }
}

extension NoiseGenerator: ExpressibleByArgument {}
extension LateStartKind: ExpressibleByArgument {}
extension TrajectoryRecorder.View: ExpressibleByArgument {}
