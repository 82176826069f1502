public import Communication
public import Compute
public import Datasets
public import Evaluation
import Files
public import Models

extension FeatureExtractor {
  /// The features of one part of a set of images, as a file that ``FeatureMerge`` joins with the others'.
  ///
  /// - Parameters:
  ///   - shard: Which part; parts are cut at blocks of 1,024 images, and may be empty.
  ///   - source: All images, from the first on.
  ///   - rows: Images whose features are kept one by one in a reference; nil for samples, of which all are.
  ///   - count: Images to take from the beginning, or nil for all.
  ///   - backend: The device.
  ///   - progress: Called with the images done.
  /// - Returns: The file, and the images of the part.
  public func part(
    _ shard: Shard, of source: any ImageSource, rows: Int?, count: Int? = nil, on backend: any Backend,
    progress: (Int) -> Void = { _ in }
  ) throws -> (file: [UInt8], images: Int) {
    let total = count ?? source.count, range = shard.blockRange(of: total), extractor = try extractor
    try check(source.shape, path: source.path)
    try source.skip(range.lowerBound)
    let found = try descriptions(of: source, count: range.count, on: backend, progress: progress)
    let header = PartHeader(
      rows == nil ? .features : .reference, shard, total: total,
      [
        "network": extractor.name, "sha256": extractor.sha256, "dimension": "\(featureCount)",
        "rows": rows.map { "\($0)" } ?? "all",
        "questions": try JSONValue(encoding: questions.map(FeatureQuestion.init)).line,
      ])
    var writer = SafetensorsWriter(metadata: header.metadata)
    writer.add("features", shape: [range.count, featureCount], values: found.features)
    for (place, question) in questions.enumerated() {
      writer.add("logits_\(place)", shape: [range.count, question.classCount], values: found.logits[place])
    }
    return (writer.encoded(), range.count)
  }
}

extension FeatureExtractor {
  /// The features of images that several ranks share out, on the first of them; nil on others.
  ///
  /// - Parameters:
  ///   - source: All images, from the first on.
  ///   - ranks: The processes.
  ///   - count: Images to take from the beginning, or nil for all.
  ///   - rowLimit: Images whose features are kept one by one.
  ///   - backend: The device.
  ///   - progress: Called with the images of this rank that are done.
  /// - Throws: As `features(of:on:count:rowLimit:progress:)`.
  public func features(
    of source: any ImageSource, _ ranks: any Communicator, count: Int? = nil, rowLimit: Int = .max,
    on backend: any Backend, progress: (Int) -> Void = { _ in }
  ) throws -> FeatureSet? {
    guard ranks.size > 1 else {
      return try features(of: source, on: backend, count: count, rowLimit: rowLimit, progress: progress)
    }
    let total = count ?? source.count
    guard total >= 2, source.count >= total else {
      throw count.map { EvaluationError.fewerThanAsked(path: source.path, count: source.count, asked: $0) }
        ?? .tooFewImages(path: source.path, count: source.count, needed: 2)
    }
    let ranges = (0..<ranks.size).map { Shard(index: $0, count: ranks.size).blockRange(of: total) }
    try check(source.shape, path: source.path)
    try source.skip(ranges[ranks.rank].lowerBound)
    let own = try descriptions(of: source, count: ranges[ranks.rank].count, on: backend, progress: progress)
    var features: [Float] = [], logits = [[Float]](repeating: [], count: questions.count)
    ranks.bringToRoot(own.features, counts: ranges.map { $0.count * featureCount }) { features += $1 }
    for (place, question) in questions.enumerated() {
      ranks.bringToRoot(own.logits[place], counts: ranges.map { $0.count * question.classCount }) {
        logits[place] += $1
      }
    }
    guard ranks.isRoot else { return nil }
    var accumulator = FeatureAccumulator(
      dimension: featureCount, count: total, rowLimit: rowLimit, questions: questions)
    accumulator.add(features, logits: logits)
    return accumulator.set()
  }
}

/// A question of a classifier in the header of a part.
private struct FeatureQuestion: Codable {
  let name: String
  let classCount: Int

  init(_ question: (name: String, classCount: Int)) { (name, classCount) = question }
}

/// Joins the parts of the features of a set of images; what is written is equal, byte for byte, to what one process writes.
public struct FeatureMerge {
  private let parts: PartFiles

  /// Opens parts, in any order.
  ///
  /// - Throws: ``MergeError`` if they are not all the parts of one set, or `FileError`.
  public init(_ paths: [String]) throws {
    parts = try PartFiles(paths)
    guard parts.header.kind != .statistics else { throw MergeError.noPart(path: paths[0]) }
  }

  /// The features of samples as an archive, or the reference of a data set as a file of the form that its path asks for.
  public func encoded(for output: String) throws -> (file: [UInt8], images: Int) {
    let facts = parts.header.facts, path = parts.files[0].file.path
    guard let name = facts["network"], let sha256 = facts["sha256"],
      let dimension = facts["dimension"].flatMap({ Int($0) }), (1...1 << 20).contains(dimension),
      let list = try? JSONValue(facts["questions"] ?? "", path: path).decoded(as: [FeatureQuestion].self),
      list.allSatisfy({ (1...1 << 20).contains($0.classCount) })
    else { throw FileError(path, "its header is damaged") }
    let limit = facts["rows"].flatMap { Int($0) }.map { max(0, $0) } ?? .max
    var accumulator = FeatureAccumulator(
      dimension: dimension, count: parts.header.total, rowLimit: limit,
      questions: list.map { (name: $0.name, classCount: $0.classCount) })
    for file in parts.files {
      let range = Shard(index: PartHeader(file)?.shard.index ?? 0, count: parts.header.shard.count)
        .blockRange(of: parts.header.total)
      func values(_ tensor: String, _ width: Int) throws -> [Float] {
        guard let entry = file.entries[tensor], entry.type == .float32, entry.shape == [range.count, width] else {
          throw FileError(file.file.path, "has no tensor '\(tensor)' of F32 [\(range.count), \(width)]")
        }
        let values = file.floats(entry)
        guard values.allSatisfy(\.isFinite) else {
          throw FileError(file.file.path, "tensor '\(tensor)' holds values that are not finite")
        }
        return values
      }
      try accumulator.add(
        values("features", dimension),
        logits: list.enumerated().map { try values("logits_\($0.offset)", $0.element.classCount) })
    }
    let set = accumulator.set(), extractor = FeatureReference.Extractor(name: name, sha256: sha256)
    guard parts.header.kind == .reference else { return (try set.archive(path: output, by: extractor), set.count) }
    let reference = FeatureReference(set, by: extractor)
    let isArchive = output.lowercased().hasSuffix(".npz")
    return (isArchive ? try reference.archive(path: output) : reference.encoded(), set.count)
  }

  /// The ending of what is written.
  public var needsArchive: Bool { parts.header.kind == .features }
}

/// What a file is a part of.
public enum PartKind: Sendable, Hashable {
  /// Sums of images.
  case statistics
  /// Features of images.
  case features

  /// Looks at a file; nil for one that is no part of statistics or features.
  public init?(of path: String) {
    guard path.lowercased().hasSuffix(".safetensors"), let file = try? SafetensorsFile(path),
      let header = PartHeader(file)
    else { return nil }
    self = header.kind == .statistics ? .statistics : .features
  }
}
