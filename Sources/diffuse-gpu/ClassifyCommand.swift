import ArgumentParser
import DiffuseGPU

struct ClassifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "classify",
    abstract: "Classify images, and measure the accuracy where they have labels.")

  @Argument(help: ArgumentHelp("Images, in any form that `train --data` takes.", valueName: "images"))
  var images: String

  @Option(
    help: ArgumentHelp(
      "A classifier's directory, made by `train --task classifier --export`, or a pretrained one such as mnist-classifier.",
      valueName: "directory"))
  var classifier: String

  @OptionGroup(title: "How images are read")
  var reading: ImageReadingOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let console = outputOptions.console
    let model = try ClassifierModel.found(classifier, note: console.note)
    let source = try Dataset.open(images, reading.reading, channels: model.imageShape.channels) { console.note($0) }
    let backend = try device.open(console)
    if try !source.labelSets().isEmpty {
      let report = try model.report(on: source, backend)
      return try console.result(report.text, json: report.json)
    }
    let answers = try model.answers(to: source, on: backend)
    let counts = answers.map { question in
      (question.name, (0..<question.classCount).map { wanted in question.answers.count { $0 == wanted } })
    }
    try console.result(
      counts.map { "\($0.0): " + $0.1.map(String.init).joined(separator: " ") }.joined(separator: "\n"),
      json: .object(
        Dictionary(
          uniqueKeysWithValues: counts.map { ($0.0, JSONValue.array($0.1.map { .number(Double($0)) })) })))
  }
}
