import Evaluation
import Files
import Pipelines
import Tensors

/// The arrays beside a cell, of images in 8 bits: `FeatureSet.archive(path:by:)`, and the images where they are kept.
enum ScanArrays {
  /// Writes images as `arr_0 [images, height, width, channels]`, as tools for FID expect them.
  static func write(_ images: SampledImages, to path: String) throws(FileError) {
    let shape = images.shape, plane = shape.height * shape.width
    var bytes: [UInt8] = []
    bytes.reserveCapacity(images.bytes.count)
    for start in stride(from: 0, to: images.bytes.count, by: shape.count) {
      for pixel in 0..<plane {
        for channel in 0..<shape.channels { bytes.append(images.bytes[start + channel * plane + pixel]) }
      }
    }
    var archive = NumpyArchive()
    archive.add(
      "arr_0", header: NumpyArray.header(ofBytes: [images.count, shape.height, shape.width, shape.channels]),
      values: bytes)
    try archive.write(to: path)
  }

  /// Reads the answers to a question from the archive of a cell's features.
  ///
  /// - Parameters:
  ///   - place: The question's place among the classifier's.
  ///   - classCount: Its classes.
  ///   - count: Images of the cell.
  ///   - path: The archive.
  static func answers(_ place: Int, of classCount: Int, count: Int, in path: String) throws(FileError) -> [Int] {
    let answers = try NumpyArchive.array("classes_\(place)", in: path).integers ?? []
    guard answers.count == count, answers.allSatisfy({ (0..<classCount).contains($0) }) else {
      throw FileError(path, "its classes are not those of the cell; remove the file, and it is made again")
    }
    return answers
  }
}
