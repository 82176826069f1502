public import Compute

/// The values between the layers of a network, in whatever layout and precision the device likes best.
///
/// They are made from a ``Tensor`` by ``Tensor/featureMaps(scale:shift:watchedBy:)`` and become one again by ``tensor()``; in between
/// only the operations of networks apply. Two joined by ``joined(with:)`` are read as one without a copy. Feature maps
/// that a ``Tape`` watches record every operation on them.
public struct FeatureMaps {
  let operand: Operand
  let backend: any Backend
  /// What records operations on these feature maps.
  let tape: Tape?
  /// Where the gradients of the operand's parts go, for those that are wanted.
  let slots: (first: Tape.Slot?, second: Tape.Slot?)

  init(
    _ operand: Operand, on backend: any Backend, tape: Tape? = nil,
    slots: (first: Tape.Slot?, second: Tape.Slot?) = (nil, nil)
  ) {
    self.operand = operand
    self.backend = backend
    self.tape = tape
    self.slots = slots
  }

  /// The extents `[batch, channels, height, width]`, the channels of joined feature maps added up.
  public var shape: FeatureMapShape { operand.shape }

  /// These channels followed by those of `other`, without a copy; neither may be joined already.
  public func joined(with other: FeatureMaps) -> FeatureMaps {
    .init(
      Operand(activation, other.activation), on: backend, tape: tape ?? other.tape,
      slots: (slots.first, other.slots.first))
  }

  /// The device's values behind feature maps that are not joined.
  var activation: FeatureMap {
    precondition(operand.second == nil, "joined features are read by convolutions and normalisations only")
    return operand.first
  }

  /// The feature maps as exact values `[batch, channels, height, width]`; the tape ends here.
  public func tensor() -> Tensor {
    let buffer = backend.makeBuffer(count: shape.count)
    backend.leave(activation, into: buffer)
    return Tensor(buffer, shape: [shape.batch, shape.channels, shape.height, shape.width], on: backend)
  }

  /// The same values under another tape, or under none.
  func moved(to tape: Tape?, slots: (first: Tape.Slot?, second: Tape.Slot?)) -> FeatureMaps {
    .init(operand, on: backend, tape: tape, slots: slots)
  }

  /// New feature maps of a shape, which `fill` is to write.
  ///
  /// - Parameters:
  ///   - shape: The result's.
  ///   - others: Feature maps that the operation reads besides these.
  ///   - parameters: Parameters that it reads.
  ///   - fill: Writes the result.
  ///   - backward: Hands out gradients: given the tape and the gradient of the result. What it captures lives until then or
  ///     as long as the tape, so it captures parts of feature maps and never feature maps, which hold the tape.
  func makeResult(
    _ shape: FeatureMapShape, reading others: [FeatureMaps?] = [], _ parameters: [Parameter?] = [],
    _ fill: (FeatureMap) -> Void, backward: @escaping (Tape, FeatureMap) -> Void
  ) -> FeatureMaps {
    let tape = tape ?? others.lazy.compactMap { $0?.tape }.first
    return Self.make(shape, parameters.compactMap { $0 }, on: backend, watchedBy: tape, fill, backward: backward)
  }

  /// New feature maps that nothing but parameters goes into; see ``makeResult(_:reading:_:_:backward:)``.
  static func make(
    _ shape: FeatureMapShape, _ parameters: [Parameter], on backend: any Backend, watchedBy tape: Tape?,
    _ fill: (FeatureMap) -> Void, backward: @escaping (Tape, FeatureMap) -> Void
  ) -> FeatureMaps {
    let result = backend.makeFeatureMap(shape)
    fill(result)
    guard let tape else { return .init(Operand(result), on: backend) }
    let slot = Tape.Slot()
    tape.record(slot, parameters: parameters) { [unowned tape] gradient in backward(tape, gradient) }
    return .init(Operand(result), on: backend, tape: tape, slots: (slot, nil))
  }
}

extension Tensor {
  /// The values as feature maps: `scale * x + shift`, from `[batch, channels, height, width]` or `[batch, channels]`.
  ///
  /// - Parameters:
  ///   - scale: A factor.
  ///   - shift: An addend.
  ///   - tape: What records operations on the feature maps, or nil for nothing.
  public func featureMaps(scale: Double = 1, shift: Double = 0, watchedBy tape: Tape? = nil) -> FeatureMaps {
    precondition(shape.count == 4 || shape.count == 2, "\(shape) is neither images nor vectors")
    let extents =
      shape.count == 4
      ? FeatureMapShape(batch: shape[0], channels: shape[1], height: shape[2], width: shape[3])
      : FeatureMapShape(batch: shape[0], channels: shape[1])
    let activation = backend.makeFeatureMap(extents)
    backend.enter(buffer, scale: Float(scale), shift: Float(shift), into: activation)
    let slot = tape?.inputSlot(of: buffer, scale: scale)
    return FeatureMaps(Operand(activation), on: backend, tape: tape, slots: (slot, nil))
  }
}
