public import Compute

extension ReferenceBackend {
  /// The gradients by their formulas, group by group.
  public func normalizeGroupsGradient(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity,
    gradient: FeatureMap, into destinations: NormalizationGradient
  ) {
    let shape = operand.shape
    let (channels, pixels) = (shape.channels, shape.pixels)
    normalization.check(shape, scaleShift: scaleShift)
    destinations.check(operand, scaleShift: scaleShift, gradient: gradient)
    let (gamma, beta) = (
      Self.values(of: normalization.gamma).map(Double.init), Self.values(of: normalization.beta).map(Double.init)
    )
    let modulation = scaleShift?.values
    let gradients = gradient.values
    var values = operand.values
    var (gammaGradient, betaGradient) = (
      [Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels)
    )
    var modulationGradient = [Double](repeating: 0, count: 2 * shape.batch * channels)
    let groupChannels = channels / normalization.groups
    for group in 0..<shape.batch * normalization.groups {
      let members = group * groupChannels * pixels..<(group + 1) * groupChannels * pixels
      let count = Double(members.count)
      let mean = values[members].reduce(0, +) / count
      let variance = values[members].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      let deviation = (variance + Double(normalization.epsilon)).squareRoot()
      var changes: [Double] = []
      let normalized = values[members].map { ($0 - mean) / deviation }
      for (place, index) in members.enumerated() {
        let plane = index / pixels
        let (sample, channel) = (plane / channels, plane % channels)
        let scaleAt = 2 * sample * channels + channel
        let shiftAt = scaleAt + channels
        let (s, t) = (modulation?[scaleAt] ?? 0, modulation?[shiftAt] ?? 0)
        let n = gamma[channel] * normalized[place] + beta[channel]
        let h = function.derivative(at: n * (1 + s) + t) * gradients[index]
        modulationGradient[scaleAt] += h * n
        modulationGradient[shiftAt] += h
        gammaGradient[channel] += h * (1 + s) * normalized[place]
        betaGradient[channel] += h * (1 + s)
        changes.append(h * (1 + s) * gamma[channel])
      }
      let meanChange = changes.reduce(0, +) / count
      let meanProduct = zip(changes, normalized).reduce(0) { $0 + $1.0 * $1.1 } / count
      for (place, index) in members.enumerated() {
        values[index] = (changes[place] - meanChange - normalized[place] * meanProduct) / deviation
      }
    }
    destinations.gamma.values = gammaGradient
    destinations.beta.values = betaGradient
    destinations.scaleShift?.values = modulationGradient
    split(values, shape, into: destinations)
  }

  /// Hands each operand its channels' gradients.
  private func split(_ values: [Double], _ shape: FeatureMapShape, into destinations: NormalizationGradient) {
    var start = 0
    for (part, adds) in [
      (destinations.first, destinations.addsToFirst), (destinations.second, destinations.addsToSecond),
    ] {
      guard let part else { continue }
      let size = part.shape.channels * shape.pixels
      var own: [Double] = []
      for sample in 0..<shape.batch {
        let first = sample * shape.channels * shape.pixels + start
        own += values[first..<first + size]
      }
      part.values = adds ? zip(part.values, own).map(+) : own
      start += size
    }
    precondition(start == shape.channels * shape.pixels, "the destinations do not have the channels of \(shape)")
  }
}
