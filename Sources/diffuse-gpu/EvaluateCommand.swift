import ArgumentParser
import DiffuseGPU

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure the Frechet distance of samples to a data set, in pixels or in the features of a classifier.",
    discussion: """
      Compares means and covariances of the pixels, in [-1, 1], without any network. It is not the FID of Inception features, and only \
      distances at equal counts compare. With --classifier the features of a classifier take the pixels' place, and the parts of the \
      classes are told as well.
      """)

  @Argument(help: ArgumentHelp("Samples: a .npy or .npz file or a folder of PNG files.", valueName: "samples"))
  var samples: String

  @Option(
    help: ArgumentHelp(
      "Statistics of the data, made by `statistics`; those of the embedded MNIST model by default.", valueName: "file"))
  var statistics: String?

  @Option(
    help: ArgumentHelp(
      "A classifier's directory, or mnist-classifier, which the program carries; needs --data.", valueName: "directory")
  )
  var classifier: String?

  @Option(help: ArgumentHelp("The data set, for --classifier.", valueName: "path"))
  var data: String?

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    guard (classifier == nil) == (data == nil) else { throw PipelineError("--classifier and --data belong together") }
    if let classifier, let data { return try compareFeatures(by: classifier, with: data) }
    let reference = try statistics.map { try ImageStatistics(SafetensorsFile($0)) } ?? Model(nil).statistics
    guard let reference else { throw PipelineError("--statistics: the embedded model holds none; name a file") }
    let (distance, count) = try pixelFrechetDistance(of: Dataset.open(samples), to: reference.moments)
    outputOptions.console.result(
      "\(samples): \(count) images, pixel Frechet distance \(rounded(distance, digits: 3))",
      json: .object([
        "samples": .string(samples), "images": .number(Double(count)), "pixel_frechet_distance": .number(distance),
      ]))
  }

  private func compareFeatures(by classifier: String, with data: String) throws {
    let result = try FeatureDistance(
      of: Dataset.open(samples), to: Dataset.open(data), by: ClassifierModel(classifier),
      on: device.open(outputOptions.console))
    func percent(_ parts: [Double]) -> String { parts.map { rounded(100 * $0, digits: 1) }.joined(separator: " ") }
    outputOptions.console.result(
      """
      \(samples): \(result.count) images, Frechet distance \(rounded(result.distance, digits: 3)) in the features of \(classifier)
      classes, %: \(percent(result.composition))
      of data, %: \(percent(result.reference))
      """,
      json: .object([
        "samples": .string(samples), "images": .number(Double(result.count)),
        "feature_frechet_distance": .number(result.distance),
        "classes": .array(result.composition.map { .number($0) }),
        "classes_of_data": .array(result.reference.map { .number($0) }),
      ]))
  }
}
