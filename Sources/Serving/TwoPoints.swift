package import Diffusion
package import Files
import Models
import Studies
import SymmetryBreaking

/// The world of two points at 1 and -1 with unequal weights, about which everything is known exactly.
package struct TwoPoints: Sendable, Hashable {
  /// The share of the point at 1.
  let share: Double

  /// The noise levels: DDPM's, as all exact worlds have them.
  package static let schedule = NoiseSchedule.linear()

  private static let shares = 0.05...0.95

  /// A world.
  ///
  /// - Throws: ``Refusal`` where the share is not from .05 to .95.
  package init(share: Double) throws(Refusal) {
    guard Self.shares.contains(share) else { throw Refusal(.bad, "share: a number from 0.05 to 0.95 is needed") }
    // Two digits are what a slider has.
    self.share = (share * 100).rounded() / 100
  }

  var mixture: PointMixture { PointMixture(points: [[1], [-1]], weights: [share, 1 - share]) }

  /// The world as a model.
  var model: ExactWorld { ExactWorld(name: "two points", .mixture(mixture)) }

  /// The file by which a command line names the world; nil for equal weights, which have a name.
  var file: (name: String, text: String)? {
    guard share != 0.5 else { return nil }
    let first = Int((share * 100).rounded())
    return ("points.json", "{\"points\": [[1], [-1]], \"weights\": [\(first), \(100 - first)]}")
  }

  private static let levels = 100
  private static let highest = 4.0
  /// Nearly all of the noise to nearly none.
  private static let thetas = 0.0065...0.998

  /// The document of the page: potentials and branches at evenly spaced training steps.
  package var json: JSONValue {
    let schedule = Self.schedule
    let steps = (0..<Self.levels).map { schedule.last - $0 * schedule.last / Self.levels }
    let thetas = steps.map { schedule.level(at: $0).alpha }
    guard let line = LinePotential(of: mixture, thetas: thetas, count: 121),
      let diagram = BifurcationDiagram(of: mixture, over: Self.thetas)
    else { preconditionFailure("two points lie on a line, and nobody stops the search") }
    return .object([
      "share": .number(share), "training_steps": .number(Double(schedule.count)),
      "critical": diagram.splits.first.map { split in
        .object([
          "step": .number(Self.step(at: split.theta).rounded()), "theta": .number(split.theta),
          "kind": .string(split.kind == .pitchfork ? "pitchfork" : "fold"),
        ])
      } ?? .null,
      "places": JSONValue(line.places),
      "levels": .array(
        steps.indices.map { level in
          .object([
            "step": .number(Double(steps[level])), "theta": .number(thetas[level]),
            "potential": JSONValue(line.curves[level].map { min($0, Self.highest) }),
          ])
        }),
      "branches": .array(diagram.branches.map { branch in .array(branch.points.map(Self.point)) }),
    ])
  }

  private static func point(_ point: FixedPoint) -> JSONValue {
    .object([
      "step": .number(step(at: point.theta)), "theta": .number(point.theta), "place": .number(point.x[0]),
      "stable": .boolean(point.isStable),
    ])
  }

  /// The training step, with a fraction, at which the clean data have a factor.
  private static func step(at theta: Double) -> Double {
    schedule.timestep(atKarrasSigma: (1 - theta * theta).squareRoot() / theta)
  }
}
