import Compute
import Conformance
import Instruments

/// The oracle with one fault.
///
/// Each operation is the oracle's, with its arguments or its result changed if the fault is one of its own.
final class FaultyBackend: ForwardingBackend {
  let oracle = ReferenceBackend()
  var base: any Backend { oracle }
  let fault: Fault

  init(_ fault: Fault) {
    self.fault = fault
  }

  /// Changes the values of a result.
  func spoil(_ activation: FeatureMap, _ change: (inout [Double]) -> Void) {
    var values = oracle.exactValues(of: activation)
    change(&values)
    oracle.setExactValues(values, of: activation)
  }

  /// Changes the values of a result.
  func spoil(_ buffer: Buffer, _ change: (inout [Double]) -> Void) {
    var values = oracle.exactValues(of: buffer)
    change(&values)
    oracle.setExactValues(values, of: buffer)
  }

  /// A copy of an activation with other values.
  func altered(_ activation: FeatureMap, _ change: (inout [Double]) -> Void) -> FeatureMap {
    let copy = oracle.makeFeatureMap(activation.shape)
    oracle.setExactValues(oracle.exactValues(of: activation), of: copy)
    spoil(copy, change)
    return copy
  }

  /// Values whose rows and columns are exchanged within each image, read in the old shape.
  func transposed(_ values: [Double], _ shape: FeatureMapShape) -> [Double] {
    values.indices.map { index in
      let (plane, pixel) = (index / shape.pixels, index % shape.pixels)
      return values[plane * shape.pixels + pixel % shape.height * shape.width + pixel / shape.height]
    }
  }
}

// MARK: Transfers and exact values

extension FaultyBackend {
  func write(_ source: UnsafeBufferPointer<Float>, to destination: Buffer) {
    var values = Array(source)
    switch fault {
    case .writeForgetsLast: values[values.count - 1] = -7
    case .writeShifts: values = [values[0]] + values.dropLast()
    default: break
    }
    values.withUnsafeBufferPointer { oracle.write($0, to: destination) }
  }

  func read(_ source: Buffer, into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    try oracle.read(source, into: destination)
    switch fault {
    case .readForgetsLast: destination[destination.count - 1] = 0
    case .readShifts:
      for index in destination.indices.dropFirst().reversed() { destination[index] = destination[index - 1] }
    default: break
    }
  }

  func fillNormal(_ destination: Buffer, seeds: [UInt64], key: NoiseKey) {
    switch fault {
    case .noiseForgetsHighSeed: oracle.fillNormal(destination, seeds: seeds.map { $0 & 0xFFFF_FFFF }, key: key)
    case .noiseForgetsStep: oracle.fillNormal(destination, seeds: seeds, key: .init(step: 0, draw: key.draw))
    case .noiseForgetsDraw: oracle.fillNormal(destination, seeds: seeds, key: .init(step: key.step))
    case .noiseCountsOn: oracle.fillNormal(destination, seeds: [seeds[0]], key: key)
    case .noiseSwapsPair:
      oracle.fillNormal(destination, seeds: seeds, key: key)
      spoil(destination) { values in
        for index in stride(from: 1, to: values.count, by: 2) { values.swapAt(index, index - 1) }
      }
    default: oracle.fillNormal(destination, seeds: seeds, key: key)
    }
  }

  func combine(_ terms: [Term], into destination: Buffer) {
    var terms = terms
    switch fault {
    case .combineForgetsLastTerm where terms.count > 1: terms.removeLast()
    case .combineForgetsCoefficients: terms = terms.map { .init(1, $0.buffer) }
    case .combineSwapsCoefficients:
      let coefficients = terms.map(\.coefficient).reversed()
      terms = zip(coefficients, terms).map { .init($0, $1.buffer) }
    default: break
    }
    oracle.combine(terms, into: destination)
  }

  func clamp(_ source: Buffer, lower: Float, upper: Float, into destination: Buffer) {
    let lowest = fault == .clampForgetsLower ? -Float.infinity : lower
    let highest = fault == .clampForgetsUpper ? Float.infinity : upper
    oracle.clamp(source, lower: lowest, upper: highest, into: destination)
    if fault == .clampLosesNaN { spoil(destination) { $0 = $0.map { $0.isNaN ? Double(lower) : $0 } } }
  }

  func clampRows(_ source: Buffer, limits: Buffer, into destination: Buffer) {
    let values = oracle.exactValues(of: limits)
    let length = source.count / limits.count
    switch fault {
    case .clampRowsUsesFirstLimit: oracle.setExactValues(values.map { _ in values[0] }, of: limits)
    case .clampRowsForgetsLimit:
      let factors = oracle.makeBuffer(count: limits.count)
      oracle.setExactValues(values.map { 1 / $0 }, of: factors)
      return oracle.scaleRows(source, by: factors, into: destination)
    default: break
    }
    oracle.clampRows(source, limits: limits, into: destination)
    if fault == .clampRowsForgetsDivision {
      spoil(destination) { $0 = $0.enumerated().map { $1 * values[$0 / length] } }
    }
  }

  func scaleRows(_ source: Buffer, by factors: Buffer, into destination: Buffer) {
    let values = oracle.exactValues(of: factors)
    switch fault {
    case .scaleRowsUsesFirstFactor: oracle.setExactValues(values.map { _ in values[0] }, of: factors)
    case .scaleRowsForgets: oracle.setExactValues(values.map { _ in 1 }, of: factors)
    default: break
    }
    oracle.scaleRows(source, by: factors, into: destination)
  }

  func selectRows(_ source: Buffer, _ indices: [Int], into destination: Buffer) {
    var indices = indices
    let rows = source.count / (destination.count / indices.count)
    switch fault {
    case .selectRowsInOrder: indices = indices.indices.map { $0 % rows }
    case .selectRowsFirstOnly: indices = indices.map { _ in indices[0] }
    default: break
    }
    oracle.selectRows(source, indices, into: destination)
    if fault == .selectRowsLosesNaN { spoil(destination) { $0 = $0.map { $0.isNaN ? 0 : $0 } } }
  }

  func scaleByFunction(
    _ source: Buffer, of argument: Buffer, _ rule: ScalingFunction, into destination: Buffer
  ) {
    let (x, y) = (oracle.exactValues(of: source), oracle.exactValues(of: argument))
    var (kind, scale, factor) = (rule.kind, rule.scale, rule.factor)
    switch fault {
    case .scaleByFunctionForgetsScale: scale = 1
    case .scaleByFunctionForgetsFactor: factor = 1
    case .scaleByFunctionSwapsFunctions: kind = kind == .exponential ? .squareRoot : .exponential
    default: break
    }
    oracle.scaleByFunction(
      source, of: argument, ScalingFunction(kind, scale: scale, factor: factor), into: destination)
    switch fault {
    case .scaleByFunctionForgetsSource: spoil(destination) { $0 = zip($0, x).map { $0 / $1 } }
    case .scaleByFunctionLosesNaN: spoil(destination) { $0 = $0.map { $0.isNaN ? 0 : $0 } }
    case .scaleByFunctionForgetsLimit where kind == .squareRoot:
      spoil(destination) { $0 = zip($0, y).map { $1 < 0 ? .nan : $0 } }
    default: break
    }
  }

  func multiplyMatrices(
    _ product: MatrixProduct, alpha: Float, _ a: Buffer, _ b: Buffer, beta: Float, into c: Buffer
  ) {
    let before = oracle.exactValues(of: c)
    if fault == .productForgetsLastTerm {
      spoil(a) { values in
        for row in 0..<product.rows {
          let last = product.inner - 1
          values[product.transposesA ? last * product.rows + row : row * product.inner + last] = 0
        }
      }
    }
    let other = MatrixProduct(
      rows: product.rows, columns: product.columns, inner: product.inner,
      transposesA: fault == .productForgetsTransposeA ? false : product.transposesA,
      transposesB: fault == .productForgetsTransposeB ? false : product.transposesB)
    oracle.multiplyMatrices(
      other, alpha: fault == .productForgetsAlpha ? 1 : alpha, a, b, beta: fault == .productForgetsBeta ? 0 : beta,
      into: c)
    if fault == .productReadsDestination { spoil(c) { $0 = zip($0, before).map { $0 + Double(beta) * 0 * $1 } } }
  }

  func softmaxRows(_ source: Buffer, columns: Int, scale: Float, offsets: Buffer?, into destination: Buffer) {
    var (scale, offsets) = (scale, offsets)
    switch fault {
    case .softmaxForgetsOffsets: offsets = nil
    case .softmaxForgetsScale: scale = 1
    case .softmaxScalesOffsets: if let offsets { oracle.combine([.init(Double(scale), offsets)], into: offsets) }
    default: break
    }
    // Without the largest logit subtracted, an exponential of a 32-bit logit above 88 is infinite.
    let overflows = oracle.exactValues(of: source).map { abs(Double(scale) * $0) > 88 && $0.isFinite }
    oracle.softmaxRows(source, columns: columns, scale: scale, offsets: offsets, into: destination)
    if fault == .softmaxOverflows { spoil(destination) { $0 = zip($0, overflows).map { $1 ? .nan : $0 } } }
  }
}
