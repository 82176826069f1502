/// The operations of ``Backend``, by the name of their requirement.
///
/// The conformance list names the operation of each case, and a test compares this list with the protocols' source, so
/// that no requirement can be without cases.
public enum OperationKind: String, CaseIterable, Sendable, Hashable, Codable {
  /// ``MemoryOperations/write(_:to:)`` and ``MemoryOperations/read(_:into:)-(Buffer,_)``
  case write
  /// ``MemoryOperations/read(_:into:)-(Buffer,_)``
  case read
  /// ``FeatureMapOperations/enter(_:scale:shift:into:)``
  case enter
  /// ``FeatureMapOperations/leave(_:into:)``
  case leave
  /// ``FeatureMapOperations/activate(_:_:into:)``
  case activate
  /// ``FeatureMapOperations/lookUpEmbedding(of:_:into:)``
  case lookUpEmbedding
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
  /// ``PointwiseOperations/selectRows(_:_:into:)``
  case selectRows
  /// ``PointwiseOperations/scaleByFunction(_:of:_:into:)``
  case scaleByFunction
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
  /// ``ResamplingOperations/downsample(_:into:)``
  case downsample
  /// ``ResamplingOperations/upsample(_:into:)``
  case upsample
  /// ``ResamplingOperations/blur(_:into:)``
  case blur
  /// ``ResamplingOperations/poolWindows(_:_:into:)``
  case poolWindows
  /// ``FeatureMapOperations/add(_:times:_:times:into:)``
  case add
  /// ``FeatureMapOperations/spatialSum(_:into:)``
  case spatialSum
  /// ``FeatureMapOperations/activateGradient(_:_:_:into:)``
  case activateGradient
  /// ``FeatureMapOperations/dropout(_:probability:seeds:key:into:)``
  case dropout
  /// ``ConvolutionOperations/convolveFilterGradient(_:_:_:into:)``
  case convolveFilterGradient
  /// ``NormalizationOperations/normalizeGroupsGradient(_:_:scaleShift:_:gradient:into:)``
  case normalizeGroupsGradient
  /// ``AttentionOperations/attendGradient(_:heads:_:into:)``
  case attendGradient
  /// ``ResamplingOperations/dilate(_:by:into:)``
  case dilate
  /// ``ReductionOperations/sumSquares(_:into:)``
  case sumSquares
  /// ``OptimizerOperations/adamStep(_:gradient:_:)``
  case adamStep
}
