public import Diffusion
public import Networks
public import Tensors

/// A network as a denoiser: the place where networks and diffusion meet.
public struct NetworkDenoiser: Denoiser {
  /// The network.
  public let network: any DenoisingNetwork
  /// What the network is given and what it returns.
  public let parametrization: Parametrization
  /// The class of each sample, or one for all.
  public let classLabels: [Double]?

  /// The weight of classifier-free guidance; 1 for the conditional prediction alone.
  public let guidance: Double
  /// The training steps at which guidance is on, both ends among them, or nil for all; elsewhere the conditional prediction stands alone
  /// (Kynkaanniemi and others 2024).
  public let guidanceInterval: ClosedRange<Int>?

  /// A denoiser that evaluates a network on what its parametrisation makes of a state and its level.
  ///
  /// With a guidance `w` other than one it evaluates it with and without the class, in one batch of twice the size (Ho and
  /// Salimans 2022, equation 6, whose weight is `w - 1`):
  ///
  /// ```
  /// out = out(no class) + w (out(class) - out(no class))
  /// ```
  ///
  /// where no class is the last row of the network's table, which training keeps for it; outside of a `guidanceInterval` only with the
  /// class.
  public init(
    _ network: any DenoisingNetwork, _ parametrization: Parametrization, classLabels: [Double]? = nil,
    guidance: Double = 1, guidanceInterval: ClosedRange<Int>? = nil
  ) {
    precondition(guidance == 1 || network.classCount != nil, "guidance needs a table of classes")
    self.guidance = guidance
    self.guidanceInterval = guidanceInterval
    self.network = network
    self.parametrization = parametrization
    self.classLabels = classLabels
  }

  /// Two under guidance, one otherwise.
  public func evaluations(at level: NoiseLevel) -> Int { isGuided(at: level) ? 2 : 1 }

  private func isGuided(at level: NoiseLevel) -> Bool {
    let interval = guidanceInterval.map { Double($0.lowerBound)...Double($0.upperBound) }
    return guidance != 1 && interval?.contains(level.timestep) ?? true
  }

  /// Evaluates the network once, on twice the rows under guidance.
  public func prediction(_ x: Tensor, at level: NoiseLevel) throws -> Prediction {
    let given = parametrization.input(at: level)
    let input = Self.input(given, of: x)
    let output =
      if isGuided(at: level), let classCount = network.classCount {
        try guidedOutput(input, time: given.time, noClass: Double(classCount - 1))
      } else {
        try network(input, timesteps: [given.time], classLabels: classLabels)
      }
    return Prediction(x: x, level: level, output: output, parametrization: parametrization)
  }

  /// What a network is given for a state.
  static func input(_ given: Parametrization.Input, of x: Tensor) -> Tensor {
    guard given.shift != 0 else { return given.factor == 1 ? x : x.scaled(by: given.factor) }
    let ones = Tensor([Float](repeating: 1, count: x.count), shape: x.shape, on: x.backend)
    return .combination([(given.factor, x), (given.shift, ones)])
  }

  private func guidedOutput(_ x: Tensor, time: Double, noClass: Double) throws(NetworkError) -> Tensor {
    let rows = x.rows
    let twice = x.selectingRows((0..<2 * rows).map { $0 % rows })
    let classes = classLabels.map { $0.count == 1 ? Array(repeating: $0[0], count: rows) : $0 }
    let labels = classes.map { $0 + Array(repeating: noClass, count: rows) }
    let output = try network(twice, timesteps: [time], classLabels: labels)
    let (conditional, unconditional) = (output.selectingRows(0..<rows), output.selectingRows(rows..<2 * rows))
    return .combination([(guidance, conditional), (1 - guidance, unconditional)])
  }
}
