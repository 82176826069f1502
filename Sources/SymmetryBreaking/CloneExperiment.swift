public import Compute
import Diffusion
import Tensors

/// The clone test and the U-turn in an exact world, by paths of the generative equation.
///
/// Both are estimates of the same number; see ``ClassAgreement`` and, for few dimensions,
/// ``PointMixture/cloneAgreement(theta:)``. A sample's class is the point that it ends nearest to. Biroli and others (2024).
public struct CloneExperiment: Sendable, Hashable {
  /// The world, with points far enough apart that the nearest is the one a sample came from.
  public let world: PointMixture
  /// The clock and the number of steps.
  public let dynamics: GenerativeDynamics
  /// Pairs of ends that are compared; the points take their shares of them, rounded.
  public let pairs: Int
  /// The seed of all paths.
  public let seed: UInt64

  /// An experiment.
  public init(_ world: PointMixture, dynamics: GenerativeDynamics = .init(), pairs: Int = 20_000, seed: UInt64 = 0) {
    precondition(pairs >= world.points.count, "fewer pairs than points")
    self.world = world
    self.dynamics = dynamics
    self.pairs = pairs
    self.seed = seed
  }

  /// Noises data to `theta` and generates from each state twice.
  ///
  /// Two paths a pair, one after the other, of one evaluation a step.
  public func clones(theta: Double, on backend: any Backend) throws -> ClassAgreement {
    let state = noised(classes, theta, backend)
    return ClassAgreement(
      try ends(from: state, theta, draw: 1, backend), try ends(from: state, theta, draw: 2, backend))
  }

  /// Noises data to `theta`, generates once, and compares with the class that the data had.
  public func uTurns(theta: Double, on backend: any Backend) throws -> ClassAgreement {
    let classes = classes
    return ClassAgreement(classes, try ends(from: noised(classes, theta, backend), theta, draw: 3, backend))
  }

  /// A point for each pair, in the points' shares.
  private var classes: [Int] {
    var sum = 0.0
    return world.points.indices.flatMap { point -> [Int] in
      let first = (sum * Double(pairs)).rounded()
      sum += world.weights[point]
      return [Int](repeating: point, count: Int((sum * Double(pairs)).rounded() - first))
    }
  }

  private func noised(_ classes: [Int], _ theta: Double, _ backend: any Backend) -> Tensor {
    let values = classes.flatMap { world.points[$0].map { Float(theta * $0) } }
    let points = Tensor(values, shape: [classes.count, world.dimension], on: backend)
    let deviation = world.spread(theta: theta).squareRoot()
    return .combination([(1, points), (deviation, noise(0, of: classes.count, backend))])
  }

  /// The classes in which paths end; `draw` tells their noise from that of others.
  private func ends(
    from state: Tensor, _ theta: Double, draw: UInt64, _ backend: any Backend
  ) throws -> [Int] {
    let end = try dynamics.states(
      from: state, at: dynamics.clock.time(ofTheta: theta), denoiser: world.denoiser(on: backend)
    ) { step in noise(UInt32(step + 1), of: state.rows, backend, draw: draw) }
    let values = try end.values().map(Double.init), size = world.dimension
    return (0..<state.rows).map { row in
      let sample = Array(values[row * size..<(row + 1) * size])
      let distances = world.points.map { squaredDistance($0, sample) }
      return distances.indices.min { distances[$0] < distances[$1] } ?? 0
    }
  }

  private func noise(_ step: UInt32, of rows: Int, _ backend: any Backend, draw: UInt64 = 0) -> Tensor {
    // Consecutive seeds are independent streams.
    Tensor.noise([rows * world.dimension], seeds: [seed &* 4 &+ draw], key: NoiseKey(step: step), on: backend)
      .reshaped([rows, world.dimension])
  }
}
