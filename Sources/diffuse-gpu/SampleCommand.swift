import ArgumentParser
import DiffuseGPU
import Foundation

struct SampleCommand: RankedCommand {
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
    let ranks = images.shard == nil ? try Ranks.connect() : SingleProcess()
    let console = ranks.isRoot ? output.console : output.silent
    let repeated = try images.fromRecord.map { path in
      try checkBesideRecord()
      return try RunRecord(contentsOf: path)
    }
    let request = try repeated?.request ?? SamplingRequest(arguments: self)
    let share = try share(of: request, ranks)
    guard share.total > 0 else {
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
    let whole = share.isPart ? try SamplingPipeline(opened.model, settings, on: backend).settings : settings
    let pipeline = try SamplingPipeline(
      opened.model, share.isAll ? whole : whole.selecting(share.chosen), inputs: opened.inputs, on: backend)
    var record = try RunRecord(
      request, fingerprints: opened.fingerprints, pipeline, machine: .init(backend, options), version: packageVersion)
    if share.isPart { record.request.settings = whole }
    if let shard = images.shard { record = record.with(shard, places: share.places) }
    try repeated?.check(record.files)
    for notice in pipeline.notices { console.note(notice) }
    let recorder =
      recordsTrajectory ? TrajectoryRecorder(pipeline, every: images.saveEvery ?? 1, view: images.show) : nil
    try recorder?.check(
      count: pipeline.settings.seeds.count, zoom: request.zoom, path: images.animate ?? images.output)
    let output = try outputPath()
    try files(of: pipeline, request, recorder, output).check()
    let sink = try ImageOutput.open(
      output, pipeline.imageShape, places: share.places, total: share.total, zoom: request.zoom, ranks)
    try sample(share, pipeline, record, into: sink, recorder, on: backend.device, console)
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

  /// What this process draws of a run.
  private struct Share {
    /// The processes that draw together.
    let ranks: any Communicator
    /// The places of this one's images in the request's list of seeds.
    let places: [Int]
    /// Images of all ranks.
    let total: Int
    /// Whether the images of this process are all of the request.
    let isAll: Bool
    /// Whether other processes draw images of the same run.
    let isPart: Bool

    /// The places, or for a rank that has none the first, whose extents it takes.
    var chosen: [Int] { places.isEmpty ? [0] : places }
  }

  /// The images that this process draws.
  private func share(of request: SamplingRequest, _ ranks: any Communicator) throws -> Share {
    let seeds = request.settings.seeds
    let part = images.shard ?? (ranks.size > 1 ? Shard(index: ranks.rank, count: ranks.size) : nil)
    guard part != nil || images.skipExisting else {
      return Share(ranks: ranks, places: Array(seeds.indices), total: seeds.count, isAll: true, isPart: false)
    }
    let reason = images.shard != nil ? "--shard" : images.skipExisting ? "--skip-existing" : "several ranks"
    guard request.inputImages == nil, request.initialNoise == nil else {
      throw CommandError("\(reason): the images of a run from arrays are drawn together")
    }
    guard ranks.size == 1 || !recordsTrajectory else {
      throw CommandError("\(reason): --animate and --save-every show what one process draws")
    }
    let places = try missing(part?.range(of: seeds.count) ?? 0..<seeds.count, of: seeds)
    let total = ranks.gathered([Double(places.count)]).reduce(0) { $0 + Int($1[0]) }
    return Share(ranks: ranks, places: places, total: total, isAll: false, isPart: part != nil)
  }

  /// Those of some places whose images are not there yet, if that is asked for.
  private func missing(_ places: Range<Int>, of seeds: [UInt64]) throws -> [Int] {
    guard images.skipExisting else { return Array(places) }
    let missing = Set(try ImageOutput.missing(Array(seeds[places]), in: outputPath()))
    let rest = places.filter { missing.contains(seeds[$0]) }
    // The record of a part comes last; where only that is missing, one picture is drawn again.
    guard rest.isEmpty, let shard = images.shard, try !shard.hasRecord(at: images.output) else { return rest }
    return places.suffix(1)
  }

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
    _ share: Share, _ pipeline: SamplingPipeline, _ record: RunRecord, into sink: any ImageSink,
    _ recorder: TrajectoryRecorder?, on device: DeviceDescription, _ console: Console
  ) throws {
    var sink = sink, record = record, recorder = recorder
    let steps = pipeline.plan.steps.count, count = share.places.count
    let display = ProgressDisplay(total: count * steps, unit: "image steps", quiet: console.isQuiet)
    Interruption.listen()
    var summary = SamplingPipeline.Summary()
    if count > 0 {
      summary = try pipeline.run(
        shouldStop: { Interruption.isRequested },
        progress: { progress in
          try recorder?.record(progress)
          display.update(progress.finishedImages * steps + progress.seeds.count * (progress.state.index + 1))
        },
        finished: { finished in
          record.evaluations = finished.evaluations
          try sink.append(
            finished.values, seeds: finished.seeds,
            record: share.ranks.size > 1 ? record.with(places: share.places) : record)
        })
    }
    var labels = pipeline.startLabels.prefix(summary.images).map { Double($0) }
    if share.ranks.size > 1 {
      let all = share.ranks.gathered([Double(summary.images), Double(summary.evaluations)])
      summary.images = all.reduce(0) { $0 + Int($1[0]) }
      // A rank without images has evaluated nothing.
      summary.evaluations = all.reduce(0) { max($0, Int($1[1])) }
      record.evaluations = summary.evaluations
      labels = share.ranks.gathered(labels).flatMap { $0 }
    }
    try sink.finish(record)
    if images.saveEvery != nil { try recorder?.writeGrids(beside: images.output, zoom: record.request.zoom) }
    if let path = images.animate { try recorder?.writeAnimation(to: path, zoom: record.request.zoom) }
    if share.ranks.isRoot {
      try report(summary, share.total, labels, steps: pipeline.steps, record, sink.path, device, console)
    }
    if summary.wasStopped { throw ExitCode(130) }
  }

  private var recordsTrajectory: Bool { images.saveEvery != nil || images.animate != nil }

  private func report(
    _ summary: SamplingPipeline.Summary, _ count: Int, _ startLabels: [Double], steps: Int, _ record: RunRecord,
    _ output: String, _ device: DeviceDescription, _ console: Console
  ) throws(CommandError) {
    if summary.wasStopped { console.note("stopped: \(summary.images) of \(count) images are finished") }
    guard summary.images > 0 else { return }
    var values = record.json.object ?? [:]
    values["images"] = .number(Double(summary.images))
    values["seconds"] = .number(summary.seconds)
    values["output"] = .string(output)
    if !startLabels.isEmpty { values["late_start_classes"] = .array(startLabels.map { .number($0) }) }
    try console.result(
      """
      \(output): \(summary.images) images, \(steps) steps, \
      \(summary.evaluations) function evaluations, \(rounded(summary.seconds, digits: 2)) s on \(device.name)
      """, json: .object(values))
  }
}
