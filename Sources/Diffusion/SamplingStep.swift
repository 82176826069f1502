/// One step of a sampler: its noise levels, and what a method needs besides the state.
public struct SamplingStep: Sendable, Hashable {
  /// The place of the step in its grid, from zero.
  public let index: Int
  /// The level of the state before the step.
  public let from: NoiseLevel
  /// The level of the state after the step.
  public let to: NoiseLevel
  /// The highest order that the grid allows here; a multistep method is further limited by what it remembers.
  public let order: Int
  /// The levels of the grid's steps before this one, newest first, whether or not a run has been there.
  public let previous: [NoiseLevel]
  /// Levels between `from` and `to` that a method of several stages visits, in the method's own order, or the one that ``Churn``
  /// raises the state to.
  public let inner: [NoiseLevel]

  /// One step.
  public init(
    index: Int, from: NoiseLevel, to: NoiseLevel, order: Int = 1, previous: [NoiseLevel] = [], inner: [NoiseLevel] = []
  ) {
    self.index = index
    self.from = from
    self.to = to
    self.order = order
    self.previous = previous
    self.inner = inner
  }
}

extension SamplingStep {
  /// The order that a multistep method takes here with so many values remembered.
  ///
  /// First at a clean end, where there is no logarithm, and no further back than levels that differ.
  public func reachableOrder(remembered: Int) -> Int {
    guard to.sigma > 0 else { return 1 }
    let levels = [from] + previous
    let distinct = zip(levels, previous).prefix { $0.sigma < $1.sigma }.count + 1
    return min(order, remembered, distinct)
  }
}

/// All steps of a run, and how its noise and its result are scaled.
public struct SamplingPlan: Sendable, Hashable {
  /// The steps, in order.
  public var steps: [SamplingStep]
  /// The factor that turns normals of unit variance into the state before the first step.
  public var initialScale: Double
  /// The factor that turns the state after the last step into the result; not 1 only where a sampler ends at a
  /// noisy level and hands out `x / alpha`.
  public var finalScale: Double

  /// A plan of given steps.
  public init(steps: [SamplingStep], initialScale: Double = 1, finalScale: Double = 1) {
    self.steps = steps
    self.initialScale = initialScale
    self.finalScale = finalScale
  }

  /// The plan of a sampler that visits levels one after the other, most noise first.
  public init(levels: [NoiseLevel], sampler: any Sampler, initialScale: Double = 1, finalScale: Double = 1) {
    self.init(
      pairs: zip(levels, levels.dropFirst()).map { StepLevels(from: $0, to: $1) }, sampler: sampler,
      initialScale: initialScale, finalScale: finalScale)
  }

  /// The plan of a sampler whose steps need not end where the next begins, or that visits levels between.
  public init(pairs: [StepLevels], sampler: any Sampler, initialScale: Double = 1, finalScale: Double = 1) {
    let count = pairs.count
    let steps = pairs.indices.map { index in
      SamplingStep(
        index: index, from: pairs[index].from, to: pairs[index].to, order: sampler.order(ofStep: index, of: count),
        previous: pairs[..<index].suffix(Self.reach).reversed().map(\.from), inner: pairs[index].inner)
    }
    self.init(steps: steps, initialScale: initialScale, finalScale: finalScale)
  }

  /// How many steps back a method may look.
  private static let reach = 6

  /// The level of the state before the first step.
  public var start: NoiseLevel { steps.first?.from ?? .clean }

  /// The same plan without its first `count` steps, for a run that begins with a noised sample.
  ///
  /// The remaining steps are those of the whole grid; a multistep method begins with an empty history.
  public func dropping(first count: Int) -> SamplingPlan {
    precondition(steps.indices.contains(count), "\(count) is not a step of a grid of \(steps.count)")
    return .init(steps: Array(steps[count...]), initialScale: 1, finalScale: finalScale)
  }
}

/// The levels of one step, before a sampler says which order it takes there.
public struct StepLevels: Sendable, Hashable {
  /// The level of the state before the step.
  public var from: NoiseLevel
  /// The level of the state after the step.
  public var to: NoiseLevel
  /// Levels between that a method of several stages visits, in the method's own order.
  public var inner: [NoiseLevel]

  /// The levels of a step.
  public init(from: NoiseLevel, to: NoiseLevel, inner: [NoiseLevel] = []) {
    self.from = from
    self.to = to
    self.inner = inner
  }
}
