package import Compute
import Instruments

/// The cases of one operation, and the classes that some of them must be of.
package struct OperationCases {
  /// All of them.
  package let cases: [ConformanceCase]
  /// Classes of shapes.
  package let shapes: Set<ShapeClass>
  /// Classes of inputs.
  package let values: Set<ValueClass>

  init(_ cases: [ConformanceCase], shapes: Set<ShapeClass>, values: Set<ValueClass>) {
    self.cases = cases
    self.shapes = shapes
    self.values = values
  }
}

extension ConformanceSuite {
  /// The cases of an operation; a new operation does not compile without them.
  package static func operation(_ kind: OperationKind) -> OperationCases {
    switch kind {
    case .write: write
    case .read: read
    case .enter: enter
    case .leave: leave
    case .activate: activate
    case .lookUpEmbedding: lookUpEmbedding
    case .fillNormal: fillNormal
    case .combine: combine
    case .clamp: clamp
    case .clampRows: clampRows
    case .scaleRows: scaleRows
    case .selectRows: selectRows
    case .scaleByFunction: scaleByFunction
    case .multiplyMatrices: multiplyMatrices
    case .softmaxRows: softmaxRows
    case .convolve: convolve
    case .normalizeGroups: normalizeGroups
    case .attend: attend
    case .downsample: downsample
    case .upsample: upsample
    case .blur: blur
    case .poolWindows: poolWindows
    case .add: add
    case .spatialSum: spatialSum
    case .activateGradient: activateGradient
    case .dropout: dropout
    case .convolveFilterGradient: convolveFilterGradient
    case .normalizeGroupsGradient: normalizeGroupsGradient
    case .attendGradient: attendGradient
    case .dilate: dilate
    case .sumSquares: sumSquares
    case .adamStep: adamStep
    }
  }
}

// Classes that many operations must cover.
extension ShapeClass {
  /// One sample and several.
  static let batches: Set<Self> = [.oneSample, .manySamples]
  /// Every function.
  static let functions = Set(Nonlinearity.allCases.map { Self.trait(.function($0)) })
}

extension Set<ShapeClass> {
  /// Numbers of values or channels around those that kernels treat at once.
  static let extents: Self = [.extentOne, .prime, .belowTile, .aboveTile]
  /// Images of the networks' sizes, odd ones and oblong ones.
  static let images = extents.union(ShapeClass.batches).union([.oddImage, .rectangularImage])
    .union([28, 14, 7, 32, 16, 8, 4].map(ShapeClass.image))
}
