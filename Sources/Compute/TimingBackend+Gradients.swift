// What training asks for, timed.
extension TimingBackend {
  /// Timed.
  public func add(
    _ first: Activation, times firstScale: Float, _ second: Activation?, times secondScale: Float,
    into destination: Activation
  ) {
    time { $0.add(first, times: firstScale, second, times: secondScale, into: destination) }
  }

  /// Timed.
  public func sumPixels(_ source: Activation, into destination: Activation) {
    time { $0.sumPixels(source, into: destination) }
  }

  /// Timed.
  public func activateGradient(
    _ source: Activation, _ function: Nonlinearity, _ gradient: Activation, into destination: Activation
  ) {
    time { $0.activateGradient(source, function, gradient, into: destination) }
  }

  /// Timed.
  public func dropout(
    _ source: Activation, probability: Double, seeds: [UInt64], key: NoiseKey, into destination: Activation
  ) {
    time { $0.dropout(source, probability: probability, seeds: seeds, key: key, into: destination) }
  }

  /// Timed.
  public func convolveFilterGradient(
    _ operand: Operand, _ shape: ConvolutionShape, _ gradient: Activation, into destination: Buffer
  ) {
    time { $0.convolveFilterGradient(operand, shape, gradient, into: destination) }
  }

  /// Timed.
  public func normalizeGroupsGradient(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: Activation?, _ function: Nonlinearity,
    gradient: Activation, into destinations: NormalizationGradient
  ) {
    time {
      $0.normalizeGroupsGradient(
        operand, normalization, scaleShift: scaleShift, function, gradient: gradient, into: destinations)
    }
  }

  /// Timed.
  public func attendGradient(
    _ projections: Activation, heads: Int, _ gradient: Activation, into destination: Activation
  ) {
    time { $0.attendGradient(projections, heads: heads, gradient, into: destination) }
  }

  /// Timed.
  public func spread(_ source: Activation, by stride: Int, into destination: Activation) {
    time { $0.spread(source, by: stride, into: destination) }
  }

  /// Timed.
  public func sumSquares(_ source: Buffer, into destination: Buffer) {
    time { $0.sumSquares(source, into: destination) }
  }

  /// Timed.
  public func adamStep(_ step: AdamStep, gradient: Buffer, _ state: AdamState) {
    time { $0.adamStep(step, gradient: gradient, state) }
  }
}
