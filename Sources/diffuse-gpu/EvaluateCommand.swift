import ArgumentParser
import DiffuseGPU

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure the Frechet distance of samples to a data set, in pixels or in a classifier's embeddings.",
    discussion: """
      Compares means and covariances of the pixels, in [-1, 1], without any network. It is not the FID of Inception features, and only \
      distances at equal counts compare. --classifier compares a classifier's embeddings in place of pixels and prints the \
      class proportions as well.

      \(ImageReadingOptions.forms)
      """)

  @Argument(
    help: ArgumentHelp(
      "Samples, in any form that is listed above; each is compared by itself.", valueName: "samples"))
  var samples: [String]

  @Option(
    help: ArgumentHelp(
      "Statistics of the data, made by `statistics`; those of the pretrained MNIST model by default.", valueName: "file"
    ))
  var statistics: String?

  @Option(
    help: ArgumentHelp(
      "A classifier's directory, or a pretrained one such as mnist-classifier; needs --data.", valueName: "directory")
  )
  var classifier: String?

  @Option(help: ArgumentHelp("The data set, for --classifier.", valueName: "path"))
  var data: String?

  @OptionGroup(title: "How images are read")
  var reading: ImageReadingOptions

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    guard (classifier == nil) == (data == nil) else { throw CommandError("--classifier and --data belong together") }
    if let classifier, let data { return try compareFeatures(by: classifier, with: data) }
    guard let file = try statistics.map({ try MappedFile($0) }) ?? ModelDirectory.found(nil).statistics() else {
      throw CommandError("--statistics: the default model holds none; name a file")
    }
    let statistics = try ImageStatistics(SafetensorsFile(file)), reference = statistics.moments
    noteLeftOut("the statistics keep \(statistics.rank) of \(reference.dimension) directions", reference.shareOutside)
    let findings = try samples.map { path in
      let (distance, count, leftOut) = try pixelFrechetDistance(
        of: open(path, statistics.shape, clamps: true), to: reference)
      noteLeftOut("\(path): 512 of \(reference.dimension) directions are kept", leftOut)
      return Finding(
        text: "\(path): \(count) images, pixel Frechet distance \(rounded(distance, digits: 3))",
        json: .object([
          "samples": .string(path), "images": .number(Double(count)), "pixel_frechet_distance": .number(distance),
        ]))
    }
    try report(findings)
  }

  /// Says what part of the variance a distance knows in sum only.
  private func noteLeftOut(_ what: String, _ share: Double) {
    // Below it is the rounding of 32 bits.
    guard share > 1e-6 else { return }
    outputOptions.console.note(
      "\(what), which leave out \(rounded(100 * share, digits: 2)) % of the variance; it is spread evenly, so that the "
        + "distance is not exact")
  }

  /// Images to compare, samples of a model among them.
  private func open(_ path: String, _ shape: ImageShape, clamps: Bool = false) throws -> any ImageSource {
    try Dataset.open(path, reading.reading, channels: shape.channels, clamps: clamps) {
      outputOptions.console.note($0)
    }
  }

  /// What is said about one set of samples.
  private struct Finding {
    let text: String
    let json: JSONValue
  }

  private func report(_ findings: [Finding]) throws(CommandError) {
    try outputOptions.console.result(
      findings.map(\.text).joined(separator: "\n"), json: .array(findings.map(\.json)))
  }

  private func compareFeatures(by name: String, with data: String) throws {
    let classifier = try ClassifierModel.found(name), backend = try device.open(outputOptions.console)
    let sets = try samples.map {
      try classifier.featureStatistics(of: open($0, classifier.imageShape, clamps: true), on: backend)
    }
    let reference = try classifier.featureStatistics(of: open(data, classifier.imageShape), on: backend)
    func percent(_ parts: [Double]) -> String { parts.map { rounded(100 * $0, digits: 1) }.joined(separator: " ") }
    let findings = zip(samples, sets).map { path, set in
      let distance = set.distance(to: reference)
      return Finding(
        text: """
          \(path): \(set.count) images, Frechet distance \(rounded(distance, digits: 3)) in the features of \(name)
          classes, %: \(percent(set.classProportions))
          """,
        json: .object([
          "samples": .string(path), "images": .number(Double(set.count)),
          "feature_frechet_distance": .number(distance),
          "classes": .array(set.classProportions.map { .number($0) }),
          "classes_of_data": .array(reference.classProportions.map { .number($0) }),
        ]))
    }
    try report(findings)
    outputOptions.console.note("classes of \(data), %: \(percent(reference.classProportions))")
  }
}
