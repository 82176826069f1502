import ArgumentParser
import DiffuseGPU
import Foundation

struct AnalyzeFixedPointsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fixed-points",
    abstract: "Find all fixed points of an exact world, and the splits by which its attractors come to be.",
    discussion: """
      Follows the fixed points of the noiseless generative dynamics through theta, the factor of the clean data, by Newton's method \
      and pseudo-arclength continuation. Writes fixed-points.json, fixed-points.csv and the bifurcation diagram as SVG into the \
      folder of --output; for a world on a line the potential too.
      """)

  @Option(
    help: ArgumentHelp(
      "The world: a JSON file such as {\"points\": [[1], [-1]], \"weights\": [4, 1], \"variance\": 0}, or two-points.",
      valueName: "world"))
  var world: String

  @Option(help: ArgumentHelp("The range of theta, LOW..HIGH within 0 and 1.", valueName: "range"))
  var theta = "0.05..0.99"

  @Option(help: ArgumentHelp("An animated PNG of the potential, for a world on a line.", valueName: "file"))
  var animate: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write into.", valueName: "folder"))
  var output: String

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let console = outputOptions.console, range = try range, mixture = try mixture
    try OutputFile.checkFolder(output)
    if let animate {
      guard mixture.dimension == 1 else {
        throw CommandError("--animate: \(world) has \(mixture.dimension) dimensions; only a world on a line is drawn")
      }
      try OutputFile.checkWritable(animate)
    }
    let display = ProgressDisplay(total: BifurcationDiagram.levels, unit: "levels", quiet: console.isQuiet)
    Interruption.listen()
    let report = try FixedPointReport(of: mixture, name: world, over: range, shouldStop: { Interruption.isRequested }) {
      done, _ in display.update(done)
    }
    guard let report else {
      console.note("stopped; nothing is written")
      throw ExitCode(130)
    }
    if report.range.upperBound < range.upperBound {
      console.note(
        "theta ends at \(rounded(report.range.upperBound, digits: 4)): every direction has the variance "
          + "\(mixture.variance), and beyond it the centre runs away as a Gaussian's does")
    }
    if !report.diagram.isComplete {
      console.note(
        "the search was given up at its most curves: unstable fixed points are missing, and perhaps late attractors")
    }
    var files = try report.write(to: output)
    if let animate, let animation = PotentialAnimation(of: report) {
      try OutputFile.write(animation.encoded(), to: animate)
      files.append(animate)
    }
    var document = report.json.object ?? [:]
    document["files"] = .array(files.map { .string($0) })
    try console.result(report.text + "\n" + files.joined(separator: "\n"), json: .object(document))
  }

  /// The least and the largest theta that a range may have: at 0 and 1 themselves there is nothing to follow.
  private static let thetas = 0.001...0.9999

  private var range: ClosedRange<Double> {
    get throws(CommandError) {
      let ends = theta.components(separatedBy: "..").map(Double.init)
      guard ends.count == 2, let low = ends[0], let high = ends[1] else {
        throw CommandError("--theta '\(theta)': two numbers are needed, such as 0.05..0.99")
      }
      for end in [low, high] {
        do throws(NumberFault) {
          try end.checked(in: Self.thetas)
        } catch {
          throw CommandError("--theta: \(error)")
        }
      }
      guard low < high else { throw CommandError("--theta '\(theta)': the first number is the smaller one") }
      return low...high
    }
  }

  private var mixture: PointMixture {
    get throws {
      guard let reference = try? WorldReference(world) else { return try PointMixture(contentsOf: world) }
      switch reference {
      case .twoPoints: return .twoPoints
      case .mixture(let path): return try PointMixture(contentsOf: path)
      case .hypersphere, .gaussian:
        throw CommandError("--world '\(world)': points are needed, a JSON file or two-points")
      }
    }
  }
}
