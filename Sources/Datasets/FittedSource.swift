import Files
import Tensors

/// The images of another source, brought to one size and colour.
final class FittedSource: ImageSource {
  let shape: ImageShape
  private let base: any ImageSource
  private let fit: ImageFit

  /// Images that fit.
  ///
  /// - Throws: ``ImageReadingError`` if they cannot be made to.
  init(_ base: any ImageSource, _ fit: ImageFit) throws(ImageReadingError) {
    self.base = base
    self.fit = fit
    shape = try fit.shape(of: base.shape, path: base.path)
  }

  var path: String { base.path }
  var count: Int { base.count }

  func next(_ count: Int) throws(FileError) -> [Float] {
    let values = try base.next(count), size = base.shape.count
    var fitted: [Float] = []
    fitted.reserveCapacity(values.count / size * shape.count)
    for start in stride(from: 0, to: values.count, by: size) {
      fitted += fit.fitted(Array(values[start..<start + size]), base.shape)
    }
    return fitted
  }

  func labels() throws(FileError) -> [Int]? { try base.labels() }

  func labelSets() throws(FileError) -> [[Int]] { try base.labelSets() }
}
