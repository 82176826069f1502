public import Compute

/// The sizes on which an operation works.
public enum OperationShape: Hashable, Sendable {
  /// Exact values by themselves: so many of each source.
  case values(count: Int, sources: Int)
  /// Exact values in rows.
  case rows(count: Int, length: Int)
  /// A product of matrices.
  case product(MatrixProduct)
  /// Activations by themselves; two operands are a pair. A table of rows counts as `[rows, channels, 1, 1]`.
  case activations(operands: [FeatureMapShape], result: FeatureMapShape)
  /// A convolution; two operands are a pair.
  case convolution(ConvolutionShape, operands: [FeatureMapShape], result: FeatureMapShape)
}

extension OperationShape: CustomStringConvertible {
  /// The sizes as they are written in tables and messages, such as `3x3 [8, 64, 32, 32] + [8, 64, 32, 32] -> [8, 64, 32, 32]`.
  public var description: String {
    switch self {
    case .values(let count, let sources):
      return sources == 1 ? "[\(count)]" : "\(sources) x [\(count)]"
    case .rows(let count, let length):
      return "[\(count), \(length)]"
    case .product(let product):
      let a = product.transposesA ? "[\(product.inner), \(product.rows)]^T" : "[\(product.rows), \(product.inner)]"
      let b =
        product.transposesB ? "[\(product.columns), \(product.inner)]^T" : "[\(product.inner), \(product.columns)]"
      return "\(a) * \(b)"
    case .activations(let operands, let result):
      let sources = operands.map(\.description).joined(separator: " + ")
      return operands == [result] ? sources : "\(sources) -> \(result)"
    case .convolution(let shape, let operands, let result):
      let sources = operands.map(\.description).joined(separator: " + ")
      let stride = shape.stride == 1 ? "" : "/\(shape.stride)"
      let doubling = shape.upsamplesInput ? " doubled" : ""
      return "\(shape.kernel)x\(shape.kernelWidth)\(stride) \(sources)\(doubling) -> \(result)"
    }
  }
}

/// What an operation does besides its plain form.
public enum OperationTrait: Hashable, Sendable {
  /// A convolution adds a bias.
  case bias
  /// A convolution adds one value a sample and channel.
  case channelOffset
  /// A convolution adds an activation.
  case residual
  /// A convolution's sum is multiplied by a factor other than one.
  case scaled
  /// A normalisation scales and shifts each sample.
  case scaleShift
  /// A softmax adds one value a column.
  case offsets
  /// A product adds to what its destination holds.
  case addsToDestination
  /// The destination is one of the sources.
  case inPlace
  /// The function that is applied to the result.
  case function(Nonlinearity)
  /// The function of one operand by which another is multiplied.
  case scalesBy(ScalingFunction.Kind)
  /// The window of a pooling and what is taken of it.
  case pooling(PoolingShape)
  /// Groups of a normalisation.
  case groups(Int)
  /// Heads of an attention.
  case heads(Int)
}

/// One operation as a ``PlanningBackend`` sees it: what, on which sizes, and what it costs.
public struct OperationRecord: Hashable, Sendable {
  /// Which operation.
  public let operation: OperationKind
  /// The sizes.
  public let shape: OperationShape
  /// What it does besides its plain form.
  public let traits: Set<OperationTrait>
  /// Additions and multiplications of the direct method; a call of a function of one number counts as one.
  public let floatingPointOperations: Int
  /// Bytes that must be read at least: every operand and parameter once.
  public let bytesRead: Int
  /// Bytes that must be written at least.
  public let bytesWritten: Int

  /// A record, as a backend or a test makes it up.
  public init(
    _ operation: OperationKind, _ shape: OperationShape, traits: Set<OperationTrait> = [], floatingPointOperations: Int,
    bytesRead: Int, bytesWritten: Int
  ) {
    self.operation = operation
    self.shape = shape
    self.traits = traits
    self.floatingPointOperations = floatingPointOperations
    self.bytesRead = bytesRead
    self.bytesWritten = bytesWritten
  }
}
