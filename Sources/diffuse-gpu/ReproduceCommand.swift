import ArgumentParser
import DiffuseGPU
import Foundation

struct ReproduceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reproduce",
    abstract: "Repeat the paper's experiments on a model and a data set, and write one page of them.",
    discussion: """
      Fits the start of late runs, scans late starts, and measures the order parameter, the potential and the dynamics, as `late-start fit`, \
      `late-start scan` and `analyze` do, one folder a part. Writes report.html, which needs nothing besides itself, with the numbers of all \
      figures and tables beside it as CSV. What is finished is kept, so that the same command goes on after a stop or a kill, and ends in the \
      same page but for its dates and durations; the folder of another model, data set, extent, device or version is refused.

      \(ImageReadingOptions.forms)
      """)

  @OptionGroup(title: "Model and data")
  var source: SourceOptions

  @Flag(
    help: ArgumentHelp(
      "Do what takes minutes: DDIM and ddpm-paper, five starts, 500 images a cell, six steps of the order parameter.",
      discussion: "Without it five samplers, seven starts, plain noise beside them, and 2,000 images a cell."))
  var quick = false

  @Option(help: ArgumentHelp("Images of each cell; no other part draws more.", valueName: "count"))
  var count: Int?

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder of the page and its parts.", valueName: "folder"))
  var output: String

  @OptionGroup(title: "How images are read")
  var reading: ImageReadingOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let console = outputOptions.console, options = try device.analysisOptions()
    try checkNumber("--count", count, in: 2...SeedRanges.limit)
    try checkNumber("--label", source.label, in: 0...255)
    try OutputFile.checkFolder(output)
    let subject = try source.subject(reading.reading, console)
    let schedule = try subject.model.scheduler(.named(.ddim), .init(), clipSample: true).scheduler.schedule
    var settings = ReproductionSettings(quick ? .quick : .full, last: schedule.last)
    if let count { settings.limit(to: count) }
    let backend = try device.open(console, options)
    let reproduction = try Reproduction(
      subject, settings, in: output, machine: .init(backend, options), version: packageVersion, on: backend)
    for warning in subject.model.warnings { console.note(warning) }
    let parts = ReproductionPart.allCases
    let findings = try runStudy(unit: "pieces of work", console) { shouldStop, progress in
      try reproduction.run(shouldStop: shouldStop) { part, phase, done, total in
        let place = (parts.firstIndex(of: part) ?? 0) + 1
        progress("part \(place) of \(parts.count), \(part.words): \(phase)", done, total)
      }
    }
    let report = ReproductionReport(findings, of: reproduction, recipe(reproduction, findings))
    try report.write()
    let page = "\(output)/\(ReproductionReport.pageName)"
    let json = JSONValue.object((findings.json.object ?? [:]).merging(["page": .string(page)]) { $1 })
    try console.result("\(page)\n\(report.conclusions.joined(separator: "\n"))", json: json)
  }
}

extension ReproduceCommand {
  struct SourceOptions: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "The data set that the model was trained on.",
        discussion: """
          Its moments are the Gaussian. Without --real its first half is what samples are compared with, and the first images of its second \
          half are the real images.
          """, valueName: "path"))
    var data: String

    @Option(help: ArgumentHelp("Real images of another split, to compare with the data.", valueName: "path"))
    var real: String?

    @OptionGroup
    var network: NetworkOptions

    @Option(
      help: ArgumentHelp(
        "A classifier's directory, or a pretrained one; that of the pretrained model by default.",
        valueName: "directory"))
    var classifier: String?

    @Option(help: ArgumentHelp("The kind of label that is the class; 0 in files with one kind.", valueName: "kind"))
    var label: Int?

    /// The classifier that was named, or that which is carried for the model.
    func classifierName() throws(CommandError) -> String {
      if let classifier { return classifier }
      let model = network.model ?? PretrainedModel.defaultName, name = "\(model)-classifier"
      guard PretrainedModel.files(name) != nil else {
        throw CommandError("--classifier: no classifier is carried for the model \(model); name one's directory")
      }
      return name
    }

    /// Reads model and classifier, and the data once for their digest.
    func subject(_ reading: ImageReading, _ console: Console) throws -> Reproduction.Subject {
      let classifier = try ClassifierModel.found(classifierName(), note: console.note)
      let model = try Model(network.found(note: console.note))
      let shape = try model.sampleShape(nil)
      func images(_ path: String) throws -> ScanReference.Images {
        // Notes are for the first time that the set is opened, and a wrong size is found before a whole pass.
        let own = try Dataset.open(path, reading, channels: shape.channels, note: console.note).shape
        guard own == shape else {
          throw ModelError.images(path: path, shape: own, model: model.name, expected: shape)
        }
        let name = URL(fileURLWithPath: path).lastPathComponent
        return try ScanReference.Images(name: name) { try Dataset.open(path, reading, channels: shape.channels) }
      }
      return Reproduction.Subject(
        model, classifier: classifier, data: try images(data), real: try real.map(images), label: label)
    }
  }
}
