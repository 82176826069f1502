import Compute
import Conformance

// What training asks for; each operation with a fault of its own.

extension FaultyBackend {
  func add(
    _ first: FeatureMap, times firstScale: Float, _ second: FeatureMap?, times secondScale: Float,
    into destination: FeatureMap
  ) {
    let scale = fault == .addForgetsScale ? 1 : secondScale
    oracle.add(first, times: firstScale, second, times: scale, into: destination)
  }

  func spatialSum(_ source: FeatureMap, into destination: FeatureMap) {
    oracle.spatialSum(source, into: destination)
    if fault == .sumPixelsTakesMean { spoil(destination) { $0 = $0.map { $0 / Double(source.shape.pixels) } } }
  }

  func activateGradient(
    _ source: FeatureMap, _ function: Nonlinearity, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    oracle.activateGradient(
      source, fault == .activateGradientIsIdentity ? .identity : function, gradient, into: destination)
  }

  func dropout(
    _ source: FeatureMap, probability: Double, seeds: [UInt64], key: NoiseKey, into destination: FeatureMap
  ) {
    let key = fault == .dropoutIgnoresDraw ? NoiseKey(step: key.step) : key
    oracle.dropout(source, probability: probability, seeds: seeds, key: key, into: destination)
  }

  func convolveFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: FeatureMap, into destination: Buffer
  ) {
    oracle.convolveFilterGradient(operand, shape, gradient, into: destination)
    let taps = shape.taps
    if fault == .filterGradientMirrorsTaps, taps > 1 {
      spoil(destination) { values in
        values = values.indices.map { values[$0 / taps * taps + taps - 1 - $0 % taps] }
      }
    }
  }

  func normalizeGroupsGradient(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity,
    gradient: FeatureMap, into destinations: NormalizationGradient
  ) {
    var destinations = destinations
    if fault == .normalizationGradientOverwrites {
      destinations.addsToFirst = false
      destinations.addsToSecond = false
    }
    oracle.normalizeGroupsGradient(
      operand, normalization, scaleShift: scaleShift, function, gradient: gradient, into: destinations)
  }

  func attendGradient(
    _ projections: FeatureMap, heads: Int, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    let heads = fault == .attendGradientTakesOneHead ? 1 : heads
    oracle.attendGradient(projections, heads: heads, gradient, into: destination)
  }

  func dilate(_ source: FeatureMap, by stride: Int, into destination: FeatureMap) {
    oracle.dilate(source, by: fault == .spreadIgnoresStride ? 1 : stride, into: destination)
  }

  func sumSquares(_ source: Buffer, into destination: Buffer) {
    oracle.sumSquares(source, into: destination)
    if fault == .sumSquaresTakesRoot { spoil(destination) { $0 = $0.map { $0.squareRoot() } } }
  }

  func adamStep(_ step: AdamStep, gradient: Buffer, _ state: AdamState) {
    var step = step
    if fault == .adamIgnoresDecay { step.weightDecay = 0 }
    oracle.adamStep(step, gradient: gradient, state)
  }
}
