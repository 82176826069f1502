/// A request that a sampler or a grid cannot meet.
public enum SamplerError: Error, Sendable, Hashable {
  /// There is no sampler of this name.
  case unknownSampler(String)
  /// A setting has a value that is not legal.
  case setting(String, value: String, legal: String)
  /// A number of steps does not fit the grid.
  case steps(Int, reason: String)
  /// A run cannot begin at this training step of a model, which has those up to `last`.
  case start(timestep: Int, last: Int)
  /// The network was to predict its variance and does not.
  case missingVariance(DDPMSampler.Variance)
  /// The sampler cannot begin where nothing of the data is left, as at the last step of a schedule rescaled to zero
  /// signal.
  case noSignal(SamplerName)
  /// The model is one of consistency, which maps states to the ends of their trajectories and does not denoise them.
  case consistency(SamplerName)
}

extension SamplerError: CustomStringConvertible {
  /// What is wrong and what would be right, in one line.
  public var description: String {
    switch self {
    case .unknownSampler(let name):
      let legal = ["dpm++", SamplerName.paperDDPM] + SamplerName.allCases.map(\.rawValue)
      return "the sampler is \(name), which is not one of \(legal.joined(separator: ", "))"
    case .setting(let name, let value, let legal): return "\(name) is \(value); legal is \(legal)"
    case .steps(let count, let reason): return "\(count) steps: \(reason)"
    case .start(let timestep, let last): return "a start at training step \(timestep) is not within 1...\(last)"
    case .missingVariance(let variance):
      return
        "variance_type is \(variance.rawValue), but the network's output has no second half of channels to hold a variance"
    case .consistency(let name):
      return "the model is one of consistency, whose predictions are no estimates that \(name.rawValue) could follow; "
        + "its own scheduler (model) samples it"
    case .noSignal(let name):
      let able = SamplerName.allCases.filter(\.beginsWithoutSignal).map(\.rawValue)
      return "nothing of the data is left at the schedule's last step, which \(name.rawValue) cannot sample; "
        + "\(able.joined(separator: ", ")) can"
    }
  }
}
