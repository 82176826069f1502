public import Diffusion
public import Networks
public import Tensors

/// A network as a denoiser: the place where networks and diffusion meet.
public struct NetworkDenoiser: Denoiser {
  /// The network.
  public let network: UNet
  /// What it was trained to predict.
  public let predictionType: PredictionType
  /// The class of each sample, or one for all.
  public let classLabels: [Double]?

  /// A denoiser that evaluates a network at a level's training step.
  public init(_ network: UNet, _ predictionType: PredictionType, classLabels: [Double]? = nil) {
    self.network = network
    self.predictionType = predictionType
    self.classLabels = classLabels
  }

  /// Evaluates the network once.
  public func prediction(_ x: Tensor, at level: NoiseLevel) throws -> Prediction {
    let output = try network(x, timesteps: [level.timestep], classLabels: classLabels)
    return Prediction(x: x, level: level, output: output, type: predictionType)
  }
}
