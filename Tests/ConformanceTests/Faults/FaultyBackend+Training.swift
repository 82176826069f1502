import Compute
import Conformance

// What training asks for; each operation with a fault of its own.

extension FaultyBackend {
  func add(
    _ first: Activation, times firstScale: Float, _ second: Activation?, times secondScale: Float,
    into destination: Activation
  ) {
    let scale = fault == .addForgetsScale ? 1 : secondScale
    oracle.add(first, times: firstScale, second, times: scale, into: destination)
  }

  func sumPixels(_ source: Activation, into destination: Activation) {
    oracle.sumPixels(source, into: destination)
    if fault == .sumPixelsTakesMean { spoil(destination) { $0 = $0.map { $0 / Double(source.shape.pixels) } } }
  }

  func activateGradient(
    _ source: Activation, _ function: Nonlinearity, _ gradient: Activation, into destination: Activation
  ) {
    oracle.activateGradient(
      source, fault == .activateGradientIsIdentity ? .identity : function, gradient, into: destination)
  }

  func dropout(
    _ source: Activation, probability: Double, seeds: [UInt64], key: NoiseKey, into destination: Activation
  ) {
    let key = fault == .dropoutIgnoresDraw ? NoiseKey(step: key.step) : key
    oracle.dropout(source, probability: probability, seeds: seeds, key: key, into: destination)
  }

  func convolveFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: Activation, into destination: Buffer
  ) {
    oracle.convolveFilterGradient(operand, shape, gradient, into: destination)
    let taps = shape.kernel * shape.kernel
    if fault == .filterGradientMirrorsTaps, taps > 1 {
      spoil(destination) { values in
        values = values.indices.map { values[$0 / taps * taps + taps - 1 - $0 % taps] }
      }
    }
  }

  func normalizeGroupsGradient(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: Activation?, _ function: Nonlinearity,
    gradient: Activation, into destinations: NormalizationGradient
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
    _ projections: Activation, heads: Int, _ gradient: Activation, into destination: Activation
  ) {
    let heads = fault == .attendGradientTakesOneHead ? 1 : heads
    oracle.attendGradient(projections, heads: heads, gradient, into: destination)
  }

  func spread(_ source: Activation, by stride: Int, into destination: Activation) {
    oracle.spread(source, by: fault == .spreadIgnoresStride ? 1 : stride, into: destination)
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
