public import Compute

/// Values between the layers of a network, in whatever layout and precision the device likes best.
///
/// Features are made from a ``Tensor`` by ``Tensor/features(scale:shift:)`` and become one again by ``tensor()``; in between
/// only the operations of networks apply. Two features joined by ``joined(with:)`` are read as one without a copy.
public struct Features {
  let operand: Operand
  let backend: any Backend

  init(_ activation: Activation, on backend: any Backend) {
    self.operand = Operand(activation)
    self.backend = backend
  }

  private init(_ operand: Operand, on backend: any Backend) {
    self.operand = operand
    self.backend = backend
  }

  /// The extents `[batch, channels, height, width]`, the channels of joined features added up.
  public var shape: ActivationShape { operand.shape }

  /// These channels followed by those of `other`, without a copy; neither may be joined already.
  public func joined(with other: Features) -> Features {
    .init(Operand(activation, other.activation), on: backend)
  }

  /// The one activation behind features that are not joined.
  var activation: Activation {
    precondition(operand.second == nil, "joined features are read by convolutions and normalisations only")
    return operand.first
  }

  /// The features as exact values `[batch, channels, height, width]`.
  public func tensor() -> Tensor {
    let buffer = backend.makeBuffer(count: shape.count)
    backend.leave(activation, into: buffer)
    return Tensor(buffer, shape: [shape.batch, shape.channels, shape.height, shape.width], on: backend)
  }

  /// New features of a shape, which `fill` is to write.
  func makeResult(_ shape: ActivationShape, _ fill: (Activation) -> Void) -> Features {
    let result = backend.makeActivation(shape)
    fill(result)
    return .init(result, on: backend)
  }
}

extension Tensor {
  /// The values as features: `scale * x + shift`, from `[batch, channels, height, width]` or `[batch, channels]`.
  public func features(scale: Double = 1, shift: Double = 0) -> Features {
    precondition(shape.count == 4 || shape.count == 2, "\(shape) is neither images nor vectors")
    let extents =
      shape.count == 4
      ? ActivationShape(batch: shape[0], channels: shape[1], height: shape[2], width: shape[3])
      : ActivationShape(batch: shape[0], channels: shape[1])
    let activation = backend.makeActivation(extents)
    backend.enter(buffer, scale: Float(scale), shift: Float(shift), into: activation)
    return Features(activation, on: backend)
  }
}
