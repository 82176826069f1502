/// Which normals of a seed's stream are meant: noise is a function of (seed, step, draw, place), never a state.
///
/// Sample *i* is therefore the same alone or in a batch, on one device or on many.
public struct NoiseKey: Hashable, Sendable {
  /// The step of a run; the initial noise is step 0.
  public let step: UInt32
  /// The draw within the step, for updates that need more than one.
  public let draw: UInt32

  /// The key of one draw.
  public init(step: UInt32, draw: UInt32 = 0) {
    self.step = step
    self.draw = draw
  }
}
