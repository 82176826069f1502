import Compute
import Diffusion
import Tensors

/// A network that is a formula of its input and its time, in Double, under any parametrisation.
struct FormulaNetwork: Denoiser {
  let parametrization: Parametrization
  /// The output for an input, the time, and the place of the value in its row.
  let formula: (_ input: Double, _ time: Double, _ place: Int) -> Double

  func prediction(_ x: Tensor, at level: NoiseLevel) throws -> Prediction {
    let given = parametrization.input(at: level), row = x.count / x.rows
    let output = try x.values().enumerated().map { place, value in
      Float(formula(given.factor * Double(value) + given.shift, given.time, place % row))
    }
    return Prediction(
      x: x, level: level, output: Tensor(output, shape: x.shape, on: x.backend), parametrization: parametrization)
  }
}

/// PyTorch's normals of one generator for the whole batch.
final class OneGenerator: NoiseSource {
  private let source: TorchNoise
  private let shape: [Int]

  init(shape: [Int], on backend: any Backend) {
    self.shape = shape
    source = TorchNoise(seeds: [0], sampleShape: [shape.reduce(1, *)], on: backend)
  }

  func initialNoise() -> Tensor { source.initialNoise().reshaped(shape) }

  func stepNoise(step: Int, draw: Int) -> Tensor { source.stepNoise(step: step, draw: draw).reshaped(shape) }
}
