/// The operations of ``Backend``, by the name of their requirement.
///
/// The conformance list names the operation of each case, and a test compares this list with the protocols' source, so
/// that no requirement can be without cases.
public enum OperationKind: String, CaseIterable, Sendable, Hashable, Codable {
  /// ``MemoryOperations/write(_:to:)`` and ``MemoryOperations/read(_:into:)``
  case write
  /// ``MemoryOperations/read(_:into:)``
  case read
  /// ``ActivationOperations/enter(_:scale:shift:into:)``
  case enter
  /// ``ActivationOperations/leave(_:into:)``
  case leave
  /// ``ActivationOperations/activate(_:_:into:)``
  case activate
  /// ``ActivationOperations/gatherRows(of:_:into:)``
  case gatherRows
  /// ``RandomOperations/fillNormal(_:seeds:key:)``
  case fillNormal
  /// ``PointwiseOperations/combine(_:into:)``
  case combine
  /// ``PointwiseOperations/clamp(_:lower:upper:into:)``
  case clamp
  /// ``PointwiseOperations/clampRows(_:limits:into:)``
  case clampRows
  /// ``PointwiseOperations/scaleRows(_:by:into:)``
  case scaleRows
  /// ``MatrixOperations/multiplyMatrices(_:alpha:_:_:beta:into:)``
  case multiplyMatrices
  /// ``MatrixOperations/softmaxRows(_:columns:scale:offsets:into:)``
  case softmaxRows
  /// ``ConvolutionOperations/convolve(_:_:_:_:into:)``
  case convolve
  /// ``NormalizationOperations/normalizeGroups(_:_:scaleShift:_:into:)``
  case normalizeGroups
  /// ``AttentionOperations/attend(_:heads:into:)``
  case attend
  /// ``ResamplingOperations/halve(_:into:)``
  case halve
  /// ``ResamplingOperations/double(_:into:)``
  case double
  /// ``ActivationOperations/add(_:times:_:times:into:)``
  case add
  /// ``ActivationOperations/sumPixels(_:into:)``
  case sumPixels
  /// ``ActivationOperations/activateGradient(_:_:_:into:)``
  case activateGradient
  /// ``ActivationOperations/dropout(_:probability:seeds:key:into:)``
  case dropout
  /// ``ConvolutionOperations/convolveFilterGradient(_:_:_:into:)``
  case convolveFilterGradient
  /// ``NormalizationOperations/normalizeGroupsGradient(_:_:scaleShift:_:gradient:into:)``
  case normalizeGroupsGradient
  /// ``AttentionOperations/attendGradient(_:heads:_:into:)``
  case attendGradient
  /// ``ResamplingOperations/spread(_:by:into:)``
  case spread
  /// ``ReductionOperations/sumSquares(_:into:)``
  case sumSquares
  /// ``OptimizerOperations/adamStep(_:gradient:_:)``
  case adamStep
}
