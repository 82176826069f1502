public import Compute

extension ReferenceBackend {
  /// Group normalisation with two passes over each group, then scale and shift, then the function.
  public func normalizeGroups(
    _ operand: Operand, _ normalization: GroupNormalization, scaleShift: FeatureMap?, _ function: Nonlinearity,
    into destination: FeatureMap
  ) {
    let shape = operand.shape
    let channels = shape.channels
    normalization.check(shape, scaleShift: scaleShift, destination)
    let (gamma, beta) = (Self.values(of: normalization.gamma), Self.values(of: normalization.beta))
    let modulation = scaleShift?.values
    var values = operand.values
    let groupChannels = channels / normalization.groups
    for group in 0..<shape.batch * normalization.groups {
      let members = group * groupChannels * shape.pixels..<(group + 1) * groupChannels * shape.pixels
      let mean = values[members].reduce(0, +) / Double(members.count)
      let variance = values[members].reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(members.count)
      let deviation = (variance + Double(normalization.epsilon)).squareRoot()
      for index in members {
        let plane = index / shape.pixels
        let (sample, channel) = (plane / channels, plane % channels)
        var n = Double(gamma[channel]) * (values[index] - mean) / deviation + Double(beta[channel])
        if let modulation {
          let scale = modulation[2 * sample * channels + channel]
          let shift = modulation[(2 * sample + 1) * channels + channel]
          n = n * (1 + scale) + shift
        }
        values[index] = function(n)
      }
    }
    destination.values = values
  }
}
