import Evaluation
import Files
import Pipelines
import Tensors

/// The arrays beside a cell: `features [images, values]` and `answers [images, questions]`, of images in 8 bits.
enum ScanArrays {
  /// Writes features and answers.
  static func write(_ set: FeatureSet, to path: String) throws(FileError) {
    var archive = NumpyArchive()
    archive.add("features", npy: NumpyArray(set.rows, shape: [set.count, set.dimension]).encoded())
    let answers = (0..<set.count).flatMap { row in set.questions.map { $0.answers[row] } }
    archive.add("answers", npy: NumpyArray.encoded(integers: answers, shape: [set.count, set.questions.count]))
    try archive.write(to: path)
  }

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

  /// Reads the answers to one question, as many classes as it has.
  static func answers(_ question: Int, of classCount: Int, in path: String) throws(FileError) -> [Int] {
    let array = try NumpyArchive.array("answers", in: path)
    guard array.shape.count == 2, array.shape[1] > question, let all = array.integers else { throw fault(path) }
    let answers = stride(from: question, to: all.count, by: array.shape[1]).map { all[$0] }
    guard answers.allSatisfy({ (0..<classCount).contains($0) }) else { throw fault(path) }
    return answers
  }

  private static func fault(_ path: String) -> FileError {
    FileError(path, "its array 'answers' is not [images, questions]; remove the file, and it is made again")
  }
}
