import Compute
import Conformance

extension FaultyBackend {
  func convolve(
    _ operand: Operand, _ filter: Filter, _ shape: ConvolutionShape, _ epilogue: ConvolutionEpilogue,
    into destination: FeatureMap
  ) {
    let scaled = spoiledEpilogue(epilogue)
    oracle.convolve(
      spoiledOperand(operand), spoiledFilter(filter, shape, operand), spoiledShape(shape), scaled, into: destination)
    let pixels = destination.shape.pixels
    spoil(destination) { values in
      switch fault {
      case .convolveForgetsLastOutput: for index in values.indices.suffix(pixels) { values[index] = 0 }
      case .convolveForgetsLastPixel: values[values.count - 1] = 0
      default: break
      }
    }
  }

  private func spoiledEpilogue(_ epilogue: ConvolutionEpilogue) -> ConvolutionEpilogue {
    var result = epilogue
    switch fault {
    case .convolveForgetsBias: result.bias = nil
    case .convolveForgetsOffset: result.channelOffset = nil
    case .convolveUsesFirstOffset:
      result.channelOffset = epilogue.channelOffset.map { offset in
        altered(offset) { values in
          let channels = offset.shape.channels
          values = values.indices.map { values[$0 % channels] }
        }
      }
    case .convolveForgetsResidual: result.residual = nil
    case .convolveForgetsScale: result.scale = 1
    case .convolveScalesFirst:
      // The residual escapes the factor.
      result.residual = epilogue.residual.map { residual in
        altered(residual) { $0 = $0.map { $0 / Double(epilogue.scale) } }
      }
    default: break
    }
    return result
  }

  private func spoiledOperand(_ operand: Operand) -> Operand {
    guard let second = operand.second else {
      return fault == .convolveDoublesShifted ? .init(altered(operand.first) { $0 = [$0[0]] + $0.dropLast() }) : operand
    }
    switch fault {
    case .convolveForgetsSecond: return .init(operand.first, altered(second) { $0 = $0.map { _ in 0 } })
    case .convolveSwapsPair: return .init(second, operand.first)
    default: return operand
    }
  }

  private func spoiledShape(_ shape: ConvolutionShape) -> ConvolutionShape {
    let padding = shape.padding
    let other: Padding =
      switch fault {
      case .convolvePadsAbove:
        .init(top: padding.bottom, bottom: padding.top, left: padding.right, right: padding.left)
      // The size of the result stays, so the input moves by a pixel.
      case .convolveForgetsPadding where padding.top > 0:
        .init(top: padding.top - 1, bottom: padding.bottom + 1, left: padding.left, right: padding.right)
      default: padding
      }
    return .init(
      inputChannels: shape.inputChannels, outputChannels: shape.outputChannels, kernel: shape.kernel,
      kernelWidth: shape.kernelWidth, stride: shape.stride, padding: other, upsamplesInput: shape.upsamplesInput)
  }

  private func spoiledFilter(_ filter: Filter, _ shape: ConvolutionShape, _ operand: Operand) -> Filter {
    let size = shape.taps
    let first = operand.first.shape.channels
    let values = ReferenceBackend.values(of: filter)
    let width = shape.kernelWidth
    let spoiled = values.indices.map { (index: Int) -> Float in
      let (tap, input) = (index % size, index / size % shape.inputChannels)
      switch fault {
      case .convolveForgetsTopLeft where tap == 0 && size > 1: return 0
      case .convolveForgetsBottomRight where tap == size - 1 && size > 1: return 0
      // As if a filter of one row were one of one column.
      case .convolveTransposesFilter: return values[index - tap + tap % width * shape.kernel + tap / width]
      case .convolveFlipsFilter: return values[index - tap + size - 1 - tap]
      case .convolveForgetsLastInput where input == shape.inputChannels - 1: return 0
      // The second operand's channels meet the filter one channel too early.
      case .convolveMisplacesSeam where operand.second != nil && input >= first: return values[index - size]
      default: return values[index]
      }
    }
    return .init(Parameter(shape: shape.filterShape, values: spoiled))
  }

  func normalizeGroups(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity,
    into destination: FeatureMap
  ) {
    let shape = destination.shape
    let channels = shape.channels
    var other = normalization
    var modulation = fault == .normalizeForgetsScaleShift ? nil : scaleShift
    let members = Float(channels / normalization.groups * shape.pixels)
    let gamma = ReferenceBackend.values(of: normalization.gamma)
    switch fault {
    case .normalizeForgetsGamma: other.gamma = .init(shape: [channels]) { $0.update(repeating: 1) }
    case .normalizeForgetsBeta: other.beta = .init(shape: [channels]) { $0.update(repeating: 0) }
    case .normalizeForgetsEpsilon: other.epsilon = .leastNormalMagnitude
    case .normalizeEpsilonOutside: other.epsilon *= other.epsilon
    case .normalizeUnbiased where members > 1:
      other.gamma = .init(shape: [channels], values: gamma.map { $0 * ((members - 1) / members).squareRoot() })
    case .normalizeForgetsOne:
      modulation = scaleShift.map { s in
        altered(s) { $0 = $0.enumerated().map { $0 % (2 * channels) < channels ? $1 - 1 : $1 } }
      }
    case .normalizeSwapsScaleShift:
      modulation = scaleShift.map { s in
        altered(s) { values in
          values = values.indices.map { values[$0 / channels % 2 == 0 ? $0 + channels : $0 - channels] }
        }
      }
    case .normalizeUsesFirstSample:
      modulation = scaleShift.map { s in
        altered(s) { values in values = values.indices.map { values[$0 % (2 * channels)] } }
      }
    default: break
    }
    if fault == .normalizeBySumOfSquares, operand.second == nil, scaleShift == nil {
      return normalizeImprecisely(operand.first, normalization, function, into: destination)
    }
    oracle.normalizeGroups(
      singly(operand), other, scaleShift: modulation, fault == .normalizeForgetsFunction ? .identity : function,
      into: destination)
  }

  /// Makes the second of a pair as if it had statistics of its own, which are not those of the group.
  private func singly(_ operand: Operand) -> Operand {
    guard fault == .normalizeSingly, let second = operand.second else { return operand }
    return .init(operand.first, altered(second) { $0 = $0.map { 2 * $0 + 1 } })
  }

  /// A normalisation whose variance is the difference of two 32-bit means.
  private func normalizeImprecisely(
    _ source: FeatureMap, _ normalization: GroupNormalization, _ function: Nonlinearity, into destination: FeatureMap
  ) {
    let shape = source.shape
    let size = shape.channels / normalization.groups * shape.pixels
    let gamma = ReferenceBackend.values(of: normalization.gamma), beta = ReferenceBackend.values(of: normalization.beta)
    let values = oracle.exactValues(of: source).map { Float($0) }
    let normalized = stride(from: 0, to: values.count, by: size).flatMap { start in
      let mean = values[start..<start + size].reduce(0, +) / Float(size)
      let meanSquare = values[start..<start + size].reduce(0) { $0 + $1 * $1 } / Float(size)
      let deviation = (max(meanSquare - mean * mean, 0) + normalization.epsilon).squareRoot()
      return (start..<start + size).map { index in
        let channel = index / shape.pixels % shape.channels
        return Double(gamma[channel] * (values[index] - mean) / deviation + beta[channel])
      }
    }
    oracle.setExactValues(normalized, of: destination)
    oracle.activate(destination, function, into: destination)
  }
}
