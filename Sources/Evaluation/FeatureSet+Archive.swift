public import Files
import HostMath

extension FeatureSet {
  /// The set as an `.npz` archive: `features [n, D]`, `mu`, `sigma`, and for the question of number `i` `logits_i` and `classes_i`;
  /// `network` holds the letters of the SHA-256 of what made them.
  ///
  /// pytorch-fid reads its `mu` and `sigma`, and so does ``FeatureReference``.
  ///
  /// - Parameters:
  ///   - path: The file to be, for errors.
  ///   - extractor: The network.
  /// - Throws: `FileError` if it would pass the four gigabytes of a plain archive.
  public func archive(path: String, by extractor: FeatureReference.Extractor) throws(FileError) -> [UInt8] {
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
    let digest = Array(extractor.sha256.utf8)
    archive.add("network", header: NumpyArray.header(ofBytes: [digest.count]), values: digest)
    return try archive.encoded(path: path)
  }

  /// Whether a path is an archive of features, and not of images.
  public static func isArchive(_ path: String) -> Bool {
    guard path.lowercased().hasSuffix(".npz"), let names = try? NumpyArchive.names(in: path) else { return false }
    return names.contains("features") && names.contains("network")
  }

  /// Reads an archive that ``archive(path:by:)`` made, with the moments as one pass over the features has them.
  ///
  /// - Parameters:
  ///   - path: The archive.
  ///   - extractor: The network that is to have made it.
  ///   - dimension: Values of an image's features.
  ///   - questions: What the network answers.
  ///   - count: Images to take from the beginning, or nil for all.
  /// - Throws: `FileError` if it is none, `EvaluationError` if another network made it or it holds too few images.
  public init(
    archive path: String, by extractor: FeatureReference.Extractor, dimension: Int,
    questions: [(name: String, classCount: Int)], count: Int? = nil
  ) throws {
    guard case .bytes(let digest) = try NumpyArchive.array("network", in: path).values,
      String(decoding: digest, as: UTF8.self) == extractor.sha256
    else { throw FileError(path, "holds the features of another network than \(extractor.name) with these weights") }
    func values(_ name: String, _ width: Int) throws -> [Float] {
      let array = try NumpyArchive.array(name, in: path)
      guard case .floats(let floats) = array.values, array.shape.count == 2, array.shape[1] == width,
        floats.allSatisfy(\.isFinite)
      else { throw FileError(path, "'\(name)' is no finite array of \(width) columns in 32 bits") }
      return floats
    }
    let features = try values("features", dimension), total = features.count / dimension
    let taken = count ?? total
    guard total >= taken else { throw EvaluationError.fewerThanAsked(path: path, count: total, asked: taken) }
    guard taken >= 2 else { throw EvaluationError.tooFewImages(path: path, count: total, needed: 2) }
    var accumulator = FeatureAccumulator(dimension: dimension, count: taken, questions: questions)
    let logits = try questions.enumerated().map { place, question in
      let values = try values("logits_\(place)", question.classCount)
      guard values.count == total * question.classCount else {
        throw FileError(path, "'logits_\(place)' is not of \(total) images")
      }
      return Array(values[..<(taken * question.classCount)])
    }
    accumulator.add(Array(features[..<(taken * dimension)]), logits: logits)
    self = accumulator.set()
  }

  /// The images of an archive of features.
  public static func count(ofArchive path: String) throws -> Int {
    try NumpyArchive.array("features", in: path).shape.first ?? 0
  }
}
