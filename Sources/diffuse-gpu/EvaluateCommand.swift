import ArgumentParser
import DiffuseGPU

struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure the Frechet distance of samples to a data set, in pixels.",
    discussion: """
      Compares means and covariances of the pixels, in [-1, 1], without any network. It is not the FID of Inception features, and only \
      distances at equal counts compare.
      """)

  @Argument(help: ArgumentHelp("Samples: a .npy or .npz file or a folder of PNG files.", valueName: "samples"))
  var samples: String

  @Option(
    help: ArgumentHelp(
      "Statistics of the data, made by `statistics`; those of the embedded MNIST model by default.", valueName: "file"))
  var statistics: String?

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let reference = try statistics.map { try ImageStatistics(SafetensorsFile($0)) } ?? Model(nil).statistics
    guard let reference else { throw PipelineError("--statistics: the embedded model holds none; name a file") }
    let (distance, count) = try pixelFrechetDistance(of: Dataset.open(samples), to: reference.moments)
    outputOptions.console.result(
      "\(samples): \(count) images, pixel Frechet distance \(rounded(distance, digits: 3))",
      json: .object([
        "samples": .string(samples), "images": .number(Double(count)), "pixel_frechet_distance": .number(distance),
      ]))
  }
}
