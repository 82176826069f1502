import Compute
public import Tensors

/// A network that predicts noise, clean images or velocities from noisy images: what samplers and training see of it.
///
/// ``UNet`` is one. Another architecture that conforms is sampled, trained, timed and summarised without a change elsewhere.
public protocol DenoisingNetwork {
  /// The parameters as files hold them, in PyTorch's order.
  var parameters: [NamedParameter] { get }
  /// Channels of an image.
  var inputChannels: Int { get }
  /// Channels of the output; twice ``inputChannels`` where the variance is predicted as well.
  var outputChannels: Int { get }
  /// The size of the images that the network was trained on, if it says so.
  var sampleSize: ImageSize? { get }
  /// What divides the height and width of every input.
  var sizeDivisor: Int { get }
  /// Rows of the table of classes, or nil for a network without one.
  var classCount: Int? { get }
  /// A label that the network takes, or nil if it takes none: for finding out what an evaluation costs.
  var exampleLabel: [Double]? { get }

  /// Checks an input before any work is done.
  ///
  /// - Parameters:
  ///   - shape: The input's extents.
  ///   - timesteps: The time of each sample, or one for all.
  ///   - classLabels: The label of each sample, or one for all, or nil.
  /// - Throws: ``NetworkError`` that says what does not fit.
  func checkInput(shape: [Int], timesteps: [Double], classLabels: [Double]?) throws(NetworkError)

  /// Evaluates the network once.
  ///
  /// - Parameters:
  ///   - x: `[batch, channels, height, width]`.
  ///   - timesteps: The time of each sample, or one for all.
  ///   - classLabels: The label of each sample, or one for all; where the labels are vectors, their values row by row.
  ///   - tape: What records the evaluation for its gradients, or nil.
  /// - Returns: The raw output `[batch, outputChannels, height, width]`, before ``outputFactors(_:)``.
  /// - Throws: ``NetworkError`` if the input does not fit.
  func forward(
    _ x: Tensor, timesteps: [Double], classLabels: [Double]?, tape: Tape?
  ) throws(NetworkError) -> FeatureMaps

  /// By what each sample of the raw output is multiplied, or nil for nothing.
  func outputFactors(_ times: [Double]) -> [Float]?
}

extension DenoisingNetwork {
  /// Values of all parameters.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.parameter.count } }

  /// Nothing.
  public func outputFactors(_ times: [Double]) -> [Float]? { nil }

  /// Evaluates the network once, for sampling.
  ///
  /// - Parameters:
  ///   - x: `[batch, channels, height, width]`.
  ///   - timesteps: The time of each sample, or one for all.
  ///   - classLabels: As for ``forward(_:timesteps:classLabels:tape:)``.
  /// - Returns: `[batch, outputChannels, height, width]`.
  /// - Throws: ``NetworkError`` if the input does not fit.
  public func callAsFunction(
    _ x: Tensor, timesteps: [Double], classLabels: [Double]? = nil
  ) throws(NetworkError) -> Tensor {
    let times = timesteps.count == 1 ? Array(repeating: timesteps[0], count: x.rows) : timesteps
    let result = try forward(x, timesteps: timesteps, classLabels: classLabels, tape: nil).tensor()
    return outputFactors(times).map { result.scaledRows(by: $0) } ?? result
  }
}
