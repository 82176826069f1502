import Compute

extension ConformanceSuite {
  /// The cases of one operation; a new operation does not compile without a list.
  static func cases(of operation: OperationKind) -> [ConformanceCase] {
    switch operation {
    case .write: writeCases()
    case .read: readCases()
    case .enter: enterCases()
    case .leave: leaveCases()
    case .activate: activateCases()
    case .lookUpEmbedding: lookUpEmbeddingCases()
    case .fillNormal: fillNormalCases()
    case .combine: combineCases()
    case .clamp: clampCases()
    case .clampRows: clampRowsCases()
    case .scaleRows: scaleRowsCases()
    case .selectRows: selectRowsCases()
    case .scaleByFunction: scaleByFunctionCases()
    case .multiplyMatrices: multiplyMatricesCases()
    case .softmaxRows: softmaxRowsCases()
    case .convolve: convolveCases()
    case .normalizeGroups: normalizeGroupsCases()
    case .attend: attendCases()
    case .downsample: downsampleCases()
    case .upsample: upsampleCases()
    case .poolWindows: poolWindowsCases()
    case .add: addCases()
    case .spatialSum: spatialSumCases()
    case .activateGradient: activateGradientCases()
    case .dropout: dropoutCases()
    case .convolveFilterGradient: convolveFilterGradientCases()
    case .normalizeGroupsGradient: normalizeGroupsGradientCases()
    case .attendGradient: attendGradientCases()
    case .dilate: dilateCases()
    case .sumSquares: sumSquaresCases()
    case .adamStep: adamStepCases()
    }
  }
}
