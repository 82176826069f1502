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
    guard !places.isEmpty else { return console.note("all images are there already") }
    let opened = try request.open(note: console.note) { try ModelDirectory.found($0, variant: $1, note: console.note) }
    let options = try repeated.map { try device.options(besides: $0.machine) } ?? device.options()
    let backend = try device.open(console, options, as: repeated?.machine)
    let settings = try foundStart(opened, on: backend, console)
    let pipeline = try SamplingPipeline(
      opened.model, images.skipExisting ? settings.selecting(places) : settings, inputs: opened.inputs, on: backend)
    let record = try RunRecord(
      request, fingerprints: opened.fingerprints, pipeline, machine: .init(backend, options), version: packageVersion)
    try repeated?.check(record.files)
    for notice in pipeline.notices { console.note(notice) }
    let recorder =
      recordsTrajectory ? TrajectoryRecorder(pipeline, every: images.saveEvery ?? 1, view: images.show) : nil
    try recorder?.check(
      count: pipeline.settings.seeds.count, zoom: request.zoom, path: images.animate ?? images.output)
    try files(of: pipeline, request, recorder).check()
    let sink = try ImageOutput.open(
      images.output, pipeline.imageShape, count: pipeline.settings.seeds.count, zoom: request.zoom)
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
    guard images.skipExisting else { return Array(seeds.indices) }
    guard request.inputImages == nil, request.initialNoise == nil else {
      throw CommandError("--skip-existing: the images of a run from arrays are drawn together")
    }
    let missing = Set(try ImageOutput.missing(seeds, in: images.output))
    return seeds.indices.filter { missing.contains(seeds[$0]) }
  }

  /// What the run writes, and reads besides a model.
  private func files(
    of pipeline: SamplingPipeline, _ request: SamplingRequest, _ recorder: TrajectoryRecorder?
  ) throws -> SamplingFiles {
    var files = SamplingFiles(output: images.output, seeds: pipeline.settings.seeds)
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
    try report(summary, of: pipeline, record, device, console)
    if summary.wasStopped { throw ExitCode(130) }
  }

  private var recordsTrajectory: Bool { images.saveEvery != nil || images.animate != nil }

  private func report(
    _ summary: SamplingPipeline.Summary, of pipeline: SamplingPipeline, _ record: RunRecord,
    _ device: DeviceDescription, _ console: Console
  ) throws(CommandError) {
    let count = pipeline.settings.seeds.count
    if summary.wasStopped { console.note("stopped: \(summary.images) of \(count) images are finished") }
    guard summary.images > 0 else { return }
    var values = record.json.object ?? [:]
    values["images"] = .number(Double(summary.images))
    values["seconds"] = .number(summary.seconds)
    values["output"] = .string(images.output)
    if !pipeline.startLabels.isEmpty {
      values["late_start_classes"] = .array(pipeline.startLabels.prefix(summary.images).map { .number(Double($0)) })
    }
    try console.result(
      """
      \(images.output): \(summary.images) images, \(record.request.settings.steps) steps, \
      \(summary.evaluations) function evaluations, \(rounded(summary.seconds, digits: 2)) s on \(device.name)
      """, json: .object(values))
  }
}
