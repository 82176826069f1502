public import Compute
import Random

/// The parameters of a new network, exactly as PyTorch makes them after `torch.manual_seed(seed)`.
///
/// `torch.nn`'s defaults: weights and biases of convolutions and linear layers are uniform within `1 / sqrt(fanIn)` (the
/// bound of He et al. 2015 with `a = sqrt 5`), tables are standard normals, normalisations are one and zero and draw
/// nothing. Values are drawn in the order in which networks ask, and kept.
public final class InitialParameters: ParameterSource {
  /// What messages call the configuration behind the network.
  public let configurationPath: String

  private var generator: TorchGenerator

  /// The parameters of one seed.
  public init(seed: UInt64, configurationPath: String = "config.json") {
    self.configurationPath = configurationPath
    generator = TorchGenerator(seed: seed)
  }

  /// Draws a parameter.
  public func parameter(_ name: String, shape: [Int], initially initial: InitialValues) -> Parameter {
    Parameter(shape: shape, values: values(count: shape.reduce(1, *), initial))
  }

  private func values(count: Int, _ initial: InitialValues) -> [Float] {
    switch initial {
    case .uniform(let fanIn):
      let bound = 1 / Double(fanIn).squareRoot()
      return generator.uniform(count: count, from: -bound, to: bound)
    case .constant(let value):
      return [Float](repeating: value, count: count)
    case .normal:
      return generator.normal(count: count)
    case .fourier:
      // diffusers draws the frequencies twice and keeps the second draw.
      _ = generator.normal(count: count)
      return generator.normal(count: count).map { $0 * 16 }
    }
  }
}
