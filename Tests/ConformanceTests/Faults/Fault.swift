import Compute

/// One thing that a backend may get wrong.
enum Fault: String, CaseIterable, Sendable {
  case writeForgetsLast, writeShifts
  case readForgetsLast, readShifts
  case enterForgetsScale, enterForgetsShift, enterTransposes
  case leaveTransposes, leaveForgetsLastChannel
  case activateForgets, activateAsTanhGelu, activateLosesNaN, activateOverflows
  case gatherNextRow, gatherFirstRow
  case noiseForgetsHighSeed, noiseForgetsStep, noiseForgetsDraw, noiseCountsOn, noiseSwapsPair
  case combineForgetsLastTerm, combineForgetsCoefficients, combineSwapsCoefficients
  case clampForgetsLower, clampForgetsUpper, clampLosesNaN
  case clampRowsForgetsDivision, clampRowsUsesFirstLimit, clampRowsForgetsLimit
  case scaleRowsUsesFirstFactor, scaleRowsForgets
  case selectRowsInOrder, selectRowsFirstOnly, selectRowsLosesNaN
  case scaleByFunctionForgetsScale, scaleByFunctionForgetsFactor, scaleByFunctionSwapsFunctions
  case scaleByFunctionForgetsSource, scaleByFunctionLosesNaN, scaleByFunctionForgetsLimit
  case productForgetsAlpha, productForgetsBeta, productReadsDestination, productForgetsTransposeA
  case productForgetsTransposeB, productForgetsLastTerm
  case softmaxForgetsOffsets, softmaxForgetsScale, softmaxScalesOffsets, softmaxOverflows
  case convolveForgetsBias, convolveForgetsOffset, convolveUsesFirstOffset, convolveForgetsResidual
  case convolveForgetsScale, convolveScalesFirst, convolveForgetsLastInput, convolveForgetsSecond
  case convolveSwapsPair, convolveMisplacesSeam, convolveTransposesFilter, convolveFlipsFilter, convolveForgetsTopLeft
  case convolveForgetsBottomRight, convolvePadsAbove, convolveForgetsPadding, convolveDoublesShifted
  case convolveForgetsLastOutput, convolveForgetsLastPixel
  case normalizeForgetsGamma, normalizeForgetsBeta, normalizeForgetsEpsilon, normalizeEpsilonOutside
  case normalizeForgetsScaleShift, normalizeSwapsScaleShift, normalizeForgetsFunction, normalizeForgetsOne
  case normalizeUnbiased, normalizeSingly, normalizeBySumOfSquares, normalizeUsesFirstSample
  case attendForgetsScale, attendMergesHeads, attendSwapsKeysAndValues, attendForgetsLastToken
  case attendUsesFirstSample, attendOverflows
  case poolTakesSum, poolCountsPadding, poolForgetsStride, poolPadsWithZeros, poolLosesNaN
  case halveTakesCorner, halveTakesSum, halveShifts
  case blurRepeatsEdges, blurForgetsRows, blurShiftsMargin
  case doubleShifts, doubleTransposes, doubleInterleavesRows
  case addForgetsScale, sumPixelsTakesMean, activateGradientIsIdentity, dropoutIgnoresDraw, filterGradientMirrorsTaps
  case normalizationGradientOverwrites, attendGradientTakesOneHead, spreadIgnoresStride, sumSquaresTakesRoot,
    adamIgnoresDecay

  /// The operation that it spoils.
  var operation: OperationKind {
    switch self {
    case .writeForgetsLast, .writeShifts: .write
    case .readForgetsLast, .readShifts: .read
    case .enterForgetsScale, .enterForgetsShift, .enterTransposes: .enter
    case .leaveTransposes, .leaveForgetsLastChannel: .leave
    case .activateForgets, .activateAsTanhGelu, .activateLosesNaN, .activateOverflows: .activate
    case .gatherNextRow, .gatherFirstRow: .lookUpEmbedding
    case .noiseForgetsHighSeed, .noiseForgetsStep, .noiseForgetsDraw, .noiseCountsOn, .noiseSwapsPair: .fillNormal
    case .combineForgetsLastTerm, .combineForgetsCoefficients, .combineSwapsCoefficients: .combine
    case .clampForgetsLower, .clampForgetsUpper, .clampLosesNaN: .clamp
    case .clampRowsForgetsDivision, .clampRowsUsesFirstLimit, .clampRowsForgetsLimit: .clampRows
    case .scaleRowsUsesFirstFactor, .scaleRowsForgets: .scaleRows
    case .selectRowsInOrder, .selectRowsFirstOnly, .selectRowsLosesNaN: .selectRows
    case .scaleByFunctionForgetsScale, .scaleByFunctionForgetsFactor, .scaleByFunctionSwapsFunctions,
      .scaleByFunctionForgetsSource, .scaleByFunctionLosesNaN, .scaleByFunctionForgetsLimit:
      .scaleByFunction
    case .productForgetsAlpha, .productForgetsBeta, .productReadsDestination, .productForgetsTransposeA,
      .productForgetsTransposeB, .productForgetsLastTerm:
      .multiplyMatrices
    case .softmaxForgetsOffsets, .softmaxForgetsScale, .softmaxScalesOffsets, .softmaxOverflows: .softmaxRows
    case .convolveForgetsBias, .convolveForgetsOffset, .convolveUsesFirstOffset, .convolveForgetsResidual,
      .convolveForgetsScale, .convolveScalesFirst, .convolveForgetsLastInput, .convolveForgetsSecond,
      .convolveSwapsPair, .convolveMisplacesSeam, .convolveFlipsFilter, .convolveTransposesFilter,
      .convolveForgetsTopLeft,
      .convolveForgetsBottomRight, .convolvePadsAbove, .convolveForgetsPadding, .convolveDoublesShifted,
      .convolveForgetsLastOutput, .convolveForgetsLastPixel:
      .convolve
    case .normalizeForgetsGamma, .normalizeForgetsBeta, .normalizeForgetsEpsilon, .normalizeEpsilonOutside,
      .normalizeForgetsScaleShift, .normalizeSwapsScaleShift, .normalizeForgetsFunction, .normalizeForgetsOne,
      .normalizeUnbiased, .normalizeSingly, .normalizeBySumOfSquares, .normalizeUsesFirstSample:
      .normalizeGroups
    case .attendForgetsScale, .attendMergesHeads, .attendSwapsKeysAndValues, .attendForgetsLastToken,
      .attendUsesFirstSample, .attendOverflows:
      .attend
    case .poolTakesSum, .poolCountsPadding, .poolForgetsStride, .poolPadsWithZeros, .poolLosesNaN: .poolWindows
    case .halveTakesCorner, .halveTakesSum, .halveShifts: .downsample
    case .doubleShifts, .doubleTransposes, .doubleInterleavesRows: .upsample
    case .blurRepeatsEdges, .blurForgetsRows, .blurShiftsMargin: .blur
    case .addForgetsScale: .add
    case .sumPixelsTakesMean: .spatialSum
    case .activateGradientIsIdentity: .activateGradient
    case .dropoutIgnoresDraw: .dropout
    case .filterGradientMirrorsTaps: .convolveFilterGradient
    case .normalizationGradientOverwrites: .normalizeGroupsGradient
    case .attendGradientTakesOneHead: .attendGradient
    case .spreadIgnoresStride: .dilate
    case .sumSquaresTakesRoot: .sumSquares
    case .adamIgnoresDecay: .adamStep
    }
  }
}
