/// Values between the layers of a network, in the layout and precision that the backend likes best.
///
/// Only the operations of networks see activations; ``FeatureMapOperations/enter(_:scale:shift:into:)`` and
/// ``FeatureMapOperations/leave(_:into:)`` are the only ways in and out. Contents are undefined until written.
open class FeatureMap {
  /// The logical shape.
  public let shape: FeatureMapShape

  /// An activation of a backend's own making.
  public init(shape: FeatureMapShape) {
    self.shape = shape
  }
}

/// What a layer reads: one activation, or two that count as joined along their channels.
///
/// The pair spares the copy that a concatenation costs; the operation splits its filter at the seam instead. Both have
/// the same batch, height and width.
public struct Operand {
  /// The first channels.
  public let first: FeatureMap
  /// The channels after them, if there are two.
  public let second: FeatureMap?

  /// One activation, or two joined along the channels.
  public init(_ first: FeatureMap, _ second: FeatureMap? = nil) {
    if let second {
      precondition(
        first.shape.with(channels: 1) == second.shape.with(channels: 1),
        "\(first.shape) and \(second.shape) cannot be joined along their channels")
    }
    self.first = first
    self.second = second
  }

  /// The shape of the whole, the channels of both added up.
  public var shape: FeatureMapShape {
    first.shape.with(channels: first.shape.channels + (second?.shape.channels ?? 0))
  }
}
