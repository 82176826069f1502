import ArgumentParser
import DiffuseGPU
import Foundation

struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample",
    abstract: "Sample images from a model.",
    discussion: """
      The name of the output decides its form: a folder of PNG files (one a seed), a .png grid, a .npz archive (arr_0, uint8, as \
      FID tools expect) or a .npy array (raw values, not clipped). What is a folder already, or ends in a slash, is a folder, dots in \
      its name or not. A record of the run is kept in PNG text chunks and in a JSON file beside the images, which takes the place of an \
      earlier record only; --from-record makes the same bytes from it again. An image depends on its seed and the settings only, not \
      on the batch or the device. In pictures, images of other than 1 or 3 channels are grey planes side by side; arrays hold them as \
      they are. A run whose images are not finite fails; a folder keeps the pictures of the batches before. Ctrl-C, SIGTERM and SIGHUP keep the images that are finished.
      """)

  @OptionGroup(title: "Model and sampler")
  var model: ModelOptions

  @OptionGroup(title: "Where a run begins")
  var start: StartOptions

  @OptionGroup(title: "How images are read")
  var reading: ImageReadingOptions

  @OptionGroup(title: "Images and output")
  var images: ImageOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var output: OutputOptions

  func run() throws {
    let console = output.console
    let repeated = try images.fromRecord.map { path in
      try checkBesideRecord()
      return try RunRecord(contentsOf: path)
    }
    let request = try repeated?.request ?? SamplingRequest(arguments: self)
    let places = try places(of: request)
    guard !places.isEmpty else {
      return console.note(
        images.shard.map { "part \($0) has no images to draw" } ?? "all images are there already")
    }
    let opened = try request.open(note: console.note) {
      try .found($0, variant: $1, checkpoint: $2, note: console.note)
    }
    let options = try repeated.map { try device.options(besides: $0.machine) } ?? device.options()
    let backend = try device.open(console, options, as: repeated?.machine)
    let settings = try foundStart(opened, on: backend, console)
    // The batch of the whole run stands in the records of its parts, so that their pictures are those of one machine.
    let whole = images.shard == nil ? settings : try SamplingPipeline(opened.model, settings, on: backend).settings
    let pipeline = try SamplingPipeline(
      opened.model, drawsSome ? whole.selecting(places) : whole, inputs: opened.inputs, on: backend)
    var record = try RunRecord(
      request, fingerprints: opened.fingerprints, pipeline, machine: .init(backend, options), version: packageVersion)
    if let shard = images.shard {
      record.request.settings = whole
      record = record.with(shard, places: places)
    }
    try repeated?.check(record.files)
    for notice in pipeline.notices { console.note(notice) }
    let recorder =
      recordsTrajectory ? TrajectoryRecorder(pipeline, every: images.saveEvery ?? 1, view: images.show) : nil
    try recorder?.check(
      count: pipeline.settings.seeds.count, zoom: request.zoom, path: images.animate ?? images.output)
    let output = try outputPath()
    try files(of: pipeline, request, recorder, output).check()
    let sink = try ImageOutput.open(
      output, pipeline.imageShape, count: pipeline.settings.seeds.count, zoom: request.zoom)
    try sample(pipeline, record, into: sink, recorder, on: backend.device, console)
  }

  /// The settings with the training step that `--late-start auto` finds.
  private func foundStart(
    _ opened: OpenedRequest, on backend: any Backend, _ console: Console
  ) throws -> SamplingSettings {
    var display: ProgressDisplay?
    Interruption.listen()
    let found = try opened.settings.foundStart(
      for: opened.model, on: backend, shouldStop: { Interruption.isRequested },
      progress: { done, total in
        if display == nil { display = ProgressDisplay(total: total, unit: "evaluations", quiet: console.isQuiet) }
        display?.update(done)
      })
    guard let found else { throw ExitCode(130) }
    if let notice = found.notice { console.note(notice) }
    return found.settings
  }

  /// The places of the images that are drawn, in the request's list of seeds.
  private func places(of request: SamplingRequest) throws -> [Int] {
    let seeds = request.settings.seeds
    guard drawsSome else { return Array(seeds.indices) }
    guard request.inputImages == nil, request.initialNoise == nil else {
      throw CommandError(
        "\(images.shard == nil ? "--skip-existing" : "--shard"): the images of a run from arrays are drawn together")
    }
    let places = images.shard?.range(of: seeds.count) ?? 0..<seeds.count
    guard images.skipExisting else { return Array(places) }
    let missing = Set(try ImageOutput.missing(Array(seeds[places]), in: outputPath()))
    let rest = places.filter { missing.contains(seeds[$0]) }
    // The record of a part comes last; where only that is missing, one picture is drawn again.
    guard rest.isEmpty, let shard = images.shard, try !shard.hasRecord(at: images.output) else { return rest }
    return places.suffix(1)
  }

  /// Whether the run draws only some of the request's images.
  private var drawsSome: Bool { images.skipExisting || images.shard != nil }

  /// Where the images go: for a part, to a file of its own or the folder of all.
  private func outputPath() throws -> String {
    guard let shard = images.shard else { return images.output }
    do {
      return try shard.output(images.output)
    } catch let error as MergeError {
      throw CommandError("--output \(error)")
    }
  }

  /// What the run writes, and reads besides a model.
  private func files(
    of pipeline: SamplingPipeline, _ request: SamplingRequest, _ recorder: TrajectoryRecorder?, _ output: String
  ) throws -> SamplingFiles {
    var files = SamplingFiles(output: output, seeds: pipeline.settings.seeds)
    files.shard = images.shard
    if images.saveEvery != nil { files.grids = try recorder?.grids(beside: images.output) ?? [] }
    files.animation = images.animate
    files.inputs = [
      request.statistics, request.inputImages, request.initialNoise, request.stepNoise, model.data,
      model.schedulerConfig,
    ].compactMap(\.self)
    return files
  }

  /// Runs the pipeline with everything that watches it.
  private func sample(
    _ pipeline: SamplingPipeline, _ record: RunRecord, into sink: any ImageSink, _ recorder: TrajectoryRecorder?,
    on device: DeviceDescription, _ console: Console
  ) throws {
    var sink = sink
    var record = record
    var recorder = recorder
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
        record.evaluations = finished.evaluations
        try sink.append(finished.values, seeds: finished.seeds, record: record)
      })
    try sink.finish(record)
    if images.saveEvery != nil { try recorder?.writeGrids(beside: images.output, zoom: record.request.zoom) }
    if let path = images.animate { try recorder?.writeAnimation(to: path, zoom: record.request.zoom) }
    try report(summary, of: pipeline, record, sink.path, device, console)
    if summary.wasStopped { throw ExitCode(130) }
  }

  private var recordsTrajectory: Bool { images.saveEvery != nil || images.animate != nil }

  private func report(
    _ summary: SamplingPipeline.Summary, of pipeline: SamplingPipeline, _ record: RunRecord, _ output: String,
    _ device: DeviceDescription, _ console: Console
  ) throws(CommandError) {
    let count = pipeline.settings.seeds.count
    if summary.wasStopped { console.note("stopped: \(summary.images) of \(count) images are finished") }
    guard summary.images > 0 else { return }
    var values = record.json.object ?? [:]
    values["images"] = .number(Double(summary.images))
    values["seconds"] = .number(summary.seconds)
    values["output"] = .string(output)
    if !pipeline.startLabels.isEmpty {
      values["late_start_classes"] = .array(pipeline.startLabels.prefix(summary.images).map { .number(Double($0)) })
    }
    try console.result(
      """
      \(output): \(summary.images) images, \(pipeline.steps) steps, \
      \(summary.evaluations) function evaluations, \(rounded(summary.seconds, digits: 2)) s on \(device.name)
      """, json: .object(values))
  }
}
