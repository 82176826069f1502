/// A place where the noiseless generative dynamics rest: `x = 2 theta / (1 + theta^2) E[x0 | x]`.
public struct FixedPoint: Sendable, Hashable {
  /// What happens there as `theta` changes.
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// The fixed point moves on.
    case regular
    /// Two fixed points meet and vanish; beyond it there is none nearby.
    case fold
    /// A fixed point changes its stability, and two others, mirror images to first order, part from it.
    case pitchfork
    /// A fixed point exchanges its stability with others that pass through it.
    case transcritical
  }

  /// The factor of the clean data.
  public var theta: Double
  /// The state.
  public var x: [Double]
  /// The directions in which the potential falls.
  public var unstableDirections: Int
  /// What happens there.
  public var kind: Kind

  /// A fixed point.
  public init(theta: Double, x: [Double], unstableDirections: Int, kind: Kind = .regular) {
    self.theta = theta
    self.x = x
    self.unstableDirections = unstableDirections
    self.kind = kind
  }

  /// Whether the potential rises in every direction; where the kind is not regular, in all but one that is flat.
  public var isStable: Bool { unstableDirections == 0 }
}

/// A fixed point followed through `theta`: as far as it neither turns back nor changes its stability.
public struct FixedPointBranch: Sendable, Hashable {
  /// The points, `theta` rising; where the first or the last is no regular one, the branch begins or ends there.
  public var points: [FixedPoint]

  /// A branch.
  public init(points: [FixedPoint]) { self.points = points }

  /// The directions in which the potential falls along all of the branch.
  public var unstableDirections: Int { points[points.count / 2].unstableDirections }
  /// Whether the branch attracts.
  public var isStable: Bool { unstableDirections == 0 }
}

/// An event of a bifurcation diagram at which the choice between attractors changes.
public struct Split: Sendable, Hashable {
  /// How new attractors come to be.
  public enum Kind: String, Sendable, Hashable, Codable {
    /// Two part from an attractor that loses its stability.
    case pitchfork
    /// One is born by a fold, apart from an older attractor, which goes on: what a pitchfork becomes where nothing keeps
    /// both sides equal, such as unequal weights.
    case imperfectPitchfork = "imperfect pitchfork"
    /// An attractor loses its stability to others that pass through it.
    case transcritical
  }

  /// The factor of the clean data.
  public var theta: Double
  /// Where it happens.
  public var x: [Double]
  /// How.
  public var kind: Kind
  /// The branch of the older attractor, or nil where none was found.
  public var parent: Int?
  /// The branches of the new attractors.
  public var children: [Int]
  /// The distance from the older attractor, zero for all but imperfect pitchforks.
  public var gap: Double

  /// A split.
  public init(theta: Double, x: [Double], kind: Kind, parent: Int?, children: [Int], gap: Double) {
    self.theta = theta
    self.x = x
    self.kind = kind
    self.parent = parent
    self.children = children
    self.gap = gap
  }
}
