import Datasets
import Files
import Pipelines
import Tensors

/// Samples as pictures hold them, clamped to [-1, 1] and rounded to 8 bits: what a scan measures, whatever it keeps.
final class SampledImages: ImageSource {
  let path: String
  let shape: ImageShape
  /// The values, one `[channels, height, width]` after the other.
  private(set) var bytes: [UInt8] = []
  private var position = 0

  /// An empty set under a name for messages.
  init(_ name: String, _ shape: ImageShape) {
    path = name
    self.shape = shape
  }

  var count: Int { bytes.count / shape.count }

  /// Adds images in the range of models.
  func append(_ values: [Float]) { bytes += ImageConversion.bytes(values) }

  func next(_ count: Int) -> [Float] {
    let end = min(position + count * shape.count, bytes.count)
    defer { position = end }
    return ImageConversion.values(bytes[position..<end])
  }
}
