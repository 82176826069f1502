public import Compute
public import Datasets
public import Networks
public import Tensors

/// What is trained: a network and its loss.
public protocol TrainingTask: AnyObject {
  /// The network's parameters as files hold them.
  var parameters: [NamedParameter] { get }

  /// Evaluates the network on one image, for finding out what it uses and needs.
  func rehearse(_ shape: ImageShape, on backend: any Backend) throws

  /// Evaluates the losses of a batch, or of a part of it, and takes the gradients of their share in the mean over the whole batch.
  ///
  /// - Parameters:
  ///   - batch: The images.
  ///   - step: The step, by which everything random is drawn.
  ///   - tape: Where gradients go.
  /// - Returns: The loss of each image, as ``loss(of:step:)`` takes them.
  func takeGradients(of batch: TrainingBatch, step: Int, _ tape: Tape) throws -> [Double]

  /// The loss of a step, a mean over the whole batch, from those of its images; the task remembers of them what it needs.
  func loss(of losses: [Double], step: Int) -> Double

  /// The state that the task keeps from step to step, by name; for checkpoints.
  var state: [String: [Float]] { get }

  /// Goes on from a state.
  ///
  /// - Throws: ``TrainingError`` if it is not whole or holds what no training leaves; nothing changes then.
  func restore(_ state: [String: [Float]]) throws(TrainingError)
}

extension TrainingTask {
  /// No state.
  public var state: [String: [Float]] { [:] }

  /// Nothing to go on from.
  public func restore(_ state: [String: [Float]]) {}

  /// The mean.
  public func loss(of losses: [Double], step: Int) -> Double { losses.reduce(0, +) / Double(losses.count) }
}

extension TrainingBatch {
  /// The images, `[batch, channels, height, width]`.
  func tensor(on backend: any Backend) -> Tensor {
    Tensor(images, shape: [indices.count, shape.channels, shape.height, shape.width], on: backend)
  }
}

extension Tensor {
  /// One image of zeros.
  static func zeros(_ shape: ImageShape, on backend: any Backend) -> Tensor {
    Tensor(
      [Float](repeating: 0, count: shape.count), shape: [1, shape.channels, shape.height, shape.width], on: backend)
  }
}
