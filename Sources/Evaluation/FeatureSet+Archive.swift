public import Files
import HostMath

extension FeatureSet {
  /// The set as an `.npz` archive: `features [n, D]`, `mu`, `sigma`, and for the question of number `i` `logits_i` and `classes_i`.
  ///
  /// pytorch-fid reads its `mu` and `sigma`, and so does ``FeatureReference``.
  ///
  /// - Parameter path: The file to be, for errors.
  /// - Throws: `FileError` if it would pass the four gigabytes of a plain archive.
  public func archive(path: String) throws(FileError) -> [UInt8] {
    var archive = NumpyArchive()
    archive.add("features", npy: NumpyArray(rows, shape: [rowCount, dimension]).encoded())
    archive.add("mu", npy: NumpyArray.encoded(doubles: moments.mean, shape: [dimension]))
    archive.add(
      "sigma", npy: NumpyArray.encoded(doubles: moments.covariance().elements, shape: [dimension, dimension]))
    for (place, question) in questions.enumerated() {
      if !question.logits.isEmpty {
        let logits = NumpyArray(question.logits, shape: [question.answers.count, question.classCount])
        archive.add("logits_\(place)", npy: logits.encoded())
      }
      archive.add(
        "classes_\(place)", npy: NumpyArray.encoded(integers: question.answers, shape: [question.answers.count]))
    }
    return try archive.encoded(path: path)
  }
}
