public import Compute
import Instruments
import Models
public import Networks
public import Tensors

/// What a network costs, found out by evaluating it on a backend that only counts.
public struct ModelSummary: Sendable, Hashable {
  /// Values of all parameters.
  public let parameterCount: Int
  /// Additions and multiplications of one evaluation, by the direct method.
  public let floatingPointOperations: Int
  /// Bytes of buffers and activations that live at once during an evaluation.
  public let activationBytes: Int
  /// Bytes of the prepared forms of the parameters.
  public let preparedBytes: Int
  /// How often each operation is called in an evaluation.
  public let operations: [OperationKind: Int]

  /// The cost of one evaluation.
  ///
  /// - Parameters:
  ///   - network: The network.
  ///   - shape: The images' extents.
  ///   - batch: Images of one evaluation.
  ///   - backend: Whose layouts and methods count; by default four bytes a value.
  public init(
    of network: any DenoisingNetwork, _ shape: ImageShape, batch: Int, on backend: (any Backend)? = nil
  ) throws(NetworkError) {
    let plan = try network.planned(shape, batch: batch, on: backend)
    parameterCount = network.parameterCount
    floatingPointOperations = plan.floatingPointOperations
    activationBytes = plan.memoryUse.peak
    preparedBytes = plan.preparedBytes
    operations = plan.records.reduce(into: [:]) { $0[$1.key.operation, default: 0] += $1.value }
  }
}
