public import Compute
public import Datasets
import Foundation
public import Networks
public import Tensors

/// The training of a classifier: the mean cross-entropy of its answers, questions added up.
///
/// ```
/// loss = mean over the batch of the sum over questions of -log softmax(logits)[label]
/// ```
///
/// With label smoothing the target is `1 - smoothing` for the label and the rest shared by all (Szegedy et al. 2016). Logits
/// are few, so their softmax is taken on the host, in Double.
public final class ClassificationTask: TrainingTask {
  /// The network.
  public let network: Classifier

  private let smoothing: Double

  /// A task.
  public init(_ network: Classifier, smoothing: Double = 0) {
    self.network = network
    self.smoothing = smoothing
  }

  /// The network's.
  public var parameters: [UNet.NamedParameter] { network.parameters }

  /// One image.
  public func rehearse(_ shape: ImageShape, on backend: any Backend) throws {
    let x = Tensor(
      [Float](repeating: 0, count: shape.count), shape: [1, shape.channels, shape.height, shape.width], on: backend)
    _ = network.features(of: x)
  }

  /// Takes the gradients of a batch's cross-entropy.
  public func takeGradients(of batch: TrainingBatch, step: Int, _ tape: Tape) throws -> Double {
    let count = batch.indices.count, size = network.configuration.imageSize
    let x = Tensor(
      batch.images, shape: [count, network.configuration.inputChannels, size.height, size.width], on: tape.backend)
    let logits = network.features(of: x, watchedBy: tape).logits
    let values = try logits.tensor().values()
    let width = values.count / count
    var gradient = [Float](repeating: 0, count: values.count)
    var loss = 0.0
    for place in 0..<count {
      var start = place * width
      for (head, question) in network.configuration.heads.enumerated() {
        let own = values[start..<start + question.classes], label = batch.labels[head][place]
        let probabilities = softmax(own)
        for answer in 0..<question.classes {
          let target = (answer == label ? 1 - smoothing : 0) + smoothing / Double(question.classes)
          if target > 0 { loss -= target * log(max(probabilities[answer], 1e-300)) }
          gradient[start + answer] = Float((probabilities[answer] - target) / Double(count))
        }
        start += question.classes
      }
    }
    tape.backward(from: logits, gradient: Tensor(gradient, shape: [count, width], on: tape.backend))
    return values.allSatisfy(\.isFinite) ? loss / Double(count) : .nan
  }

  private func softmax(_ logits: ArraySlice<Float>) -> [Double] {
    let largest = Double(logits.max() ?? 0), exponentials = logits.map { exp(Double($0) - largest) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }
}
