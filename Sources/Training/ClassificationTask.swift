public import Compute
public import Datasets
import Foundation
public import Networks
public import Tensors

/// The training of a classifier: the mean cross-entropy of its logits, heads added up.
///
/// ```
/// loss = mean over the batch of the sum over heads of -log softmax(logits)[label]
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
  public var parameters: [NamedParameter] { network.parameters }

  /// One image.
  public func rehearse(_ shape: ImageShape, on backend: any Backend) throws {
    _ = network.forward(.zeros(shape, on: backend))
  }

  /// Takes the gradients of the images' cross-entropies.
  public func takeGradients(of batch: TrainingBatch, step: Int, _ tape: Tape) throws -> [Double] {
    let count = batch.indices.count, heads = network.configuration.logits
    let logits = network.forward(batch.tensor(on: tape.backend), tape: tape).logits
    let values = try logits.tensor().values(), width = network.configuration.logitCount
    var gradient = [Float](repeating: 0, count: values.count)
    var losses = [Double](repeating: 0, count: count)
    for place in 0..<count {
      for (head, range) in heads.enumerated() {
        let start = place * width + range.lowerBound, label = batch.labels[head][place]
        let probabilities = softmax(values[start..<start + range.count])
        for answer in 0..<range.count {
          let target = (answer == label ? 1 - smoothing : 0) + smoothing / Double(range.count)
          if target > 0 { losses[place] -= target * log(max(probabilities[answer], 1e-300)) }
          gradient[start + answer] = Float((probabilities[answer] - target) / Double(batch.stepCount))
        }
      }
    }
    tape.backward(from: logits, gradient: Tensor(gradient, shape: [count, width], on: tape.backend))
    return values.allSatisfy(\.isFinite) ? losses : .init(repeating: .nan, count: count)
  }

  private func softmax(_ logits: ArraySlice<Float>) -> [Double] {
    let largest = Double(logits.max() ?? 0), exponentials = logits.map { exp(Double($0) - largest) }
    let sum = exponentials.reduce(0, +)
    return exponentials.map { $0 / sum }
  }
}
