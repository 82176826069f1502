import Compute
public import Models
import Networks
import Tensors

extension ClassifierModel {
  /// Checks that the classifier takes the samples of a model.
  ///
  /// - Throws: `ModelError` naming both sizes if it does not.
  public func check(_ model: StudiedModel) throws(ModelError) {
    guard imageShape == model.shape else {
      throw .images(path: model.model.name, shape: model.shape, model: name, expected: imageShape)
    }
  }

  /// The most likely class of the first head for each of some images, which are clamped to [-1, 1] as pictures are.
  func classes(of images: Tensor) throws -> [Int] {
    let count = network.configuration.logitCount, own = network.configuration.logits[0]
    let (_, logits) = network.forward(images.clamped(to: -1...1))
    let values = try logits.tensor().values()
    return (0..<images.rows).map { row in
      let row = values[row * count + own.lowerBound..<row * count + own.upperBound]
      return (row.indices.max { row[$0] < row[$1] } ?? row.startIndex) - row.startIndex
    }
  }
}
