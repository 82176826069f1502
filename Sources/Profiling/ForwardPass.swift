public import Compute
public import Files
public import Models
import Networks
import Tensors

/// One evaluation of a network, as `forward` does it.
public struct ForwardPass {
  private let model: Model
  private let path: String
  private let input: NumpyArray
  private let timesteps: [Double]
  private let classLabels: [Double]?

  /// Reads and checks the inputs.
  ///
  /// - Parameters:
  ///   - model: The network.
  ///   - input: A `.npy` file of `[batch, channels, height, width]`.
  ///   - timesteps: A `.npy` file of one time a sample, or one for all.
  ///   - classLabels: A `.npy` file of one label a sample, or nil.
  /// - Throws: `FileError` of an array that cannot be read, `NetworkError` of one that does not fit the network.
  public init(_ model: Model, input: String, timesteps: String, classLabels: String?) throws {
    self.model = model
    path = input
    self.input = try NumpyArray(contentsOf: input)
    self.timesteps = try Self.vector(timesteps)
    self.classLabels = try classLabels.map(Self.vector)
    try model.network.checkInput(shape: self.input.shape, timesteps: self.timesteps, classLabels: self.classLabels)
  }

  private static func vector(_ path: String) throws -> [Double] {
    let array = try NumpyArray(contentsOf: path)
    guard array.count > 0 else { throw FileError(path, "holds no values") }
    return array.floats.map(Double.init)
  }

  /// Evaluates the network `repetitions` times.
  ///
  /// - Returns: The output, `[batch, channels, height, width]`, and the seconds of each evaluation, waits included.
  /// - Throws: A device's failure, or `FileError` of the input if the output is not finite.
  public func run(on backend: any Backend, repetitions: Int = 1) throws -> (output: NumpyArray, seconds: [Double]) {
    let x = Tensor(input.floats, shape: input.shape, on: backend)
    var seconds: [Double] = []
    while true {
      try backend.synchronize()
      let begin = ContinuousClock.now
      let output = try model.network(x, timesteps: timesteps, classLabels: classLabels)
      try backend.synchronize()
      seconds.append((ContinuousClock.now - begin).inSeconds)
      if seconds.count >= repetitions {
        let values = try output.values()
        guard values.allSatisfy(\.isFinite) else {
          throw FileError(
            path, "the network's output is not finite (NaN or infinity); input or weights are beyond 32 bits")
        }
        return (NumpyArray(values, shape: output.shape), seconds)
      }
    }
  }
}
