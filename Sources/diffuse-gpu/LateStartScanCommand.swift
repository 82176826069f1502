import ArgumentParser
import DiffuseGPU

struct LateStartScanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "Measure samples from every start, and write tables and figures.",
    discussion: """
      Each sampler, number of steps, start and kind of start is one cell: its images are drawn from the same seeds as everywhere, and measured \
      by the Frechet distance in the features of a classifier and by their classes, or by FID in those of Inception. A cell is one JSON file in \
      the output folder, so that a scan which was stopped or killed goes on where it was; a folder of another model, data set, count or version \
      is refused. With --shard i/n a run takes part i of the cells, in a folder of its own, and writes no tables; `merge` joins the folders, \
      and the scan without --shard then finds all cells there. Every table has two rows more: real images, and the Gaussian itself without a network.
      """)

  @OptionGroup(title: "Model and data")
  var source: SourceOptions

  @OptionGroup(title: "Cells")
  var cells: CellOptions

  @OptionGroup(title: "How images are read")
  var reading: ImageReadingOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let console = outputOptions.console, settings = try cells.settings()
    var request = SamplingRequest(
      model: try source.network.reference(orWorld: nil), settings: settings.base)
    request.statistics = source.statistics
    let opened = try request.open(note: console.note) {
      try .found($0, variant: $1, checkpoint: $2, note: console.note)
    }
    let classifier = try FeatureExtractors.found(source.classifier, note: console.note), options = try device.options()
    let folder = cells.folder
    try OutputFile.checkFolder(folder)
    let backend = try device.open(console, options)
    let scan = try LateStartScan(
      opened.model, settings, files: opened.fingerprints, classifier: classifier,
      reference: source.reference(for: classifier, reading.reading, console), in: folder,
      machine: .init(backend, options), version: packageVersion, on: backend)
    for warning in opened.model.warnings { console.note(warning) }
    if let shard = cells.shard { return try run(shard, of: scan, console) }
    guard let findings = try watch(console, { try scan.run(shouldStop: $0, progress: $1) }) else {
      throw stopped(console)
    }
    let report = ScanReport(findings)
    try report.write(to: scan.store)
    let json = try JSONValue(encoding: findings)
    try console.result(report.text, json: json)
  }

  /// Runs one part of the cells.
  private func run(_ shard: Shard, of scan: LateStartScan, _ console: Console) throws {
    let all = scan.settings.cells, part = Array(all[shard.range(of: all.count)])
    let results = try watch(console) { try scan.results(of: part, shouldStop: $0, progress: $1) }
    guard results != nil else { throw stopped(console) }
    try console.result(
      "\(cells.folder): \(part.count) of \(all.count) cells, part \(shard)",
      json: .object([
        "output": .string(cells.folder), "cells": .number(Double(part.count)), "shard": .string(shard.description),
      ]))
  }

  private func stopped(_ console: Console) -> ExitCode {
    console.note("stopped; the same command goes on with the cells that are missing in \(cells.folder)")
    return ExitCode(130)
  }

  /// Runs cells with a display that counts what is missing.
  private func watch<Found>(
    _ console: Console, _ run: (() -> Bool, (LateStartScan.Progress) -> Void) throws -> Found?
  ) throws -> Found? {
    var display: ProgressDisplay?
    Interruption.listen()
    return try run({ Interruption.isRequested }) { progress in
      let shown = display ?? ProgressDisplay(total: progress.missing, unit: "image steps", quiet: console.isQuiet)
      display = shown
      shown.update(progress.done)
    }
  }
}

extension LateStartScanCommand {
  struct SourceOptions: ParsableArguments {
    @OptionGroup
    var network: NetworkOptions

    @Option(help: ArgumentHelp("Statistics of the data, if the model directory holds none.", valueName: "file"))
    var statistics: String?

    @Option(
      help: ArgumentHelp(
        "A classifier's directory, a pretrained one such as mnist-classifier, or Inception's, made by `convert-inception`.",
        valueName: "directory"))
    var classifier: String

    @Option(
      help: ArgumentHelp(
        "The data set with which the samples are compared.",
        discussion: """
          Without --real its first half is the reference, and the first images of its second half are the real images. Takes what \
          `statistics` takes.
          """, valueName: "path"))
    var data: String?

    @Option(
      help: ArgumentHelp(
        "The data's features: a file of `statistics --classifier`, in place of --data.",
        discussion: "By default those that the classifier's directory holds.", valueName: "file"))
    var reference: String?

    @Option(help: ArgumentHelp("Real images of another split, to compare with the data.", valueName: "path"))
    var real: String?
  }

  struct CellOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "Samplers, such as ddim,ddpm-paper,pndm,dpm++2m,unipc.",
        discussion: "ddpm-paper is DDIM with eta 1, which Raya and Ambrogioni (2023) call DDPM. ddim by default.",
        valueName: "names"))
    var sampler = "ddim"

    @Option(help: ArgumentHelp("Numbers of steps.", valueName: "counts"))
    var steps = "10,5,3"

    @Option(
      help: ArgumentHelp(
        "Where runs begin: prior and training steps, such as prior,900,...,300.",
        discussion: "Three dots go on by the stride before them, or by 100.", valueName: "starts"))
    var start = "prior,900,...,300"

    @Option(
      name: .customLong("init"),
      help: ArgumentHelp(
        "The kinds of late start: \(LateStartKind.allCases.map(\.rawValue).joined(separator: ", ")).",
        valueName: "kinds"))
    var kinds = "gaussian"

    @Option(help: ArgumentHelp("Images of each cell, with seeds from 0 upwards; 1000 by default.", valueName: "count"))
    var count: Int?

    @Option(help: ArgumentHelp("The seeds of all images, such as 0-1999.", valueName: "list"))
    var seeds: String?

    @Option(
      name: .customLong("class"),
      help: ArgumentHelp("The classes, for class-conditional models: 3, or 0-9, or each.", valueName: "labels"))
    var classes: String?

    @Flag(name: .customLong("no-clip"), help: "Do not clip estimates of the clean image, even if the scheduler does.")
    var isUnclipped = false

    @Option(help: ArgumentHelp("Images sampled together; as many as fit by default.", valueName: "count"))
    var batch: Int?

    @Option(help: ArgumentHelp("Draws for the 95 % intervals, 0 for no intervals.", valueName: "draws"))
    var bootstrap = 200

    @Flag(help: "Keep the images of each cell as an .npz archive.")
    var keepImages = false

    @Option(
      help: ArgumentHelp(
        "Run one of n parts of the cells, such as 0/4, in the folder OUTPUT.part-0-of-4; `merge` joins them.",
        valueName: "i/n"))
    var shard: Shard?

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder of the scan.", valueName: "folder"))
    var output: String

    /// The folder of the cells that are run.
    var folder: String { shard?.path(of: output) ?? output }
  }
}
