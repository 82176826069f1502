public import Diffusion
public import Networks
public import Tensors

/// A network as a denoiser: the place where networks and diffusion meet.
public struct NetworkDenoiser: Denoiser {
  /// The network.
  public let network: any DenoisingNetwork
  /// What it was trained to predict.
  public let predictionType: PredictionType
  /// The class of each sample, or one for all.
  public let classLabels: [Double]?

  /// How far predictions are carried from that without a class past that of the class: 1 for the latter alone.
  public let guidance: Double

  /// A denoiser that evaluates a network at a level's training step.
  ///
  /// With a guidance `w` other than one it evaluates it twice (Ho and Salimans 2022, equation 6, whose weight is `w - 1`):
  ///
  /// ```
  /// out = out(no class) + w (out(class) - out(no class))
  /// ```
  ///
  /// where no class is the last row of the network's table, which training keeps for it.
  public init(
    _ network: any DenoisingNetwork, _ predictionType: PredictionType, classLabels: [Double]? = nil,
    guidance: Double = 1
  ) {
    precondition(guidance == 1 || network.classCount != nil, "guidance needs a table of classes")
    self.guidance = guidance
    self.network = network
    self.predictionType = predictionType
    self.classLabels = classLabels
  }

  /// Evaluates the network once.
  public func prediction(_ x: Tensor, at level: NoiseLevel) throws -> Prediction {
    var output = try network(x, timesteps: [level.timestep], classLabels: classLabels)
    if guidance != 1, let rows = network.classCount {
      let free = try network(x, timesteps: [level.timestep], classLabels: [Double(rows - 1)])
      output = Tensor.combination([(guidance, output), (1 - guidance, free)])
    }
    return Prediction(x: x, level: level, output: output, type: predictionType)
  }
}
