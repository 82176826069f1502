import Files
import Foundation
import Tensors

/// The parts of one run, checked against each other and ready to be joined into what a single machine would have written.
///
/// Parts are arrays (`.npz` or `.npy`) with their records beside them, or folders of pictures; see ``Shard``. What is written is
/// equal byte for byte to the output of the whole run on a machine of the same kind. Parts without an image need not be there.
public struct RunMerge {
  /// The run that the parts make up.
  public let record: RunRecord
  /// The parts in order: path, record and place in the run.
  private let parts: [Part]
  private let form: OutputForm

  private struct Part {
    let path: String
    let record: RunRecord
    let shard: Shard
    let places: Range<Int>
  }

  /// Reads the records of some parts.
  ///
  /// - Parameter paths: Arrays of one form or folders, in any order. A folder may hold the records of several parts.
  /// - Throws: ``MergeError`` if the parts are not all of one run or some are missing, or an error of reading a record.
  public init(_ paths: [String]) throws {
    guard let first = paths.first else { throw MergeError.nothing }
    form = try OutputForm(first)
    guard form != .grid else { throw MergeError.grid(path: first) }
    var parts: [Part] = []
    for path in paths {
      guard try OutputForm(path) == form else { throw MergeError.forms(first, path) }
      for record in try Self.records(of: path, form) { parts.append(try Self.part(path, record)) }
    }
    parts.sort { $0.shard.index < $1.shard.index }
    guard let head = parts.first, let whole = head.record.whole else { throw MergeError.noPart(path: first) }
    for part in parts.dropFirst() {
      guard part.shard.count == head.shard.count, let other = part.record.whole else {
        throw MergeError.counts(head.path, head.shard, part.path, part.shard)
      }
      if let field = other.difference(from: whole) { throw MergeError.differ(field: field, head.path, part.path) }
    }
    for (part, next) in zip(parts, parts.dropFirst()) where part.shard == next.shard {
      throw MergeError.twice(part.shard, part.path, next.path)
    }
    let there = Set(parts.map(\.shard.index)), total = whole.request.settings.seeds.count
    let missing = (0..<head.shard.count).first {
      !there.contains($0) && !Shard(index: $0, count: head.shard.count).range(of: total).isEmpty
    }
    if let missing { throw MergeError.missing(Shard(index: missing, count: head.shard.count)) }
    (self.record, self.parts) = (whole, parts)
  }

  /// The records of the parts of a path: that beside an array, or all that a folder holds.
  private static func records(of path: String, _ form: OutputForm) throws -> [String] {
    guard form == .folder else { return [form.record(of: path)] }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw FileError(path, "is no folder that can be read")
    }
    let records = names.filter { $0.hasPrefix("run.part-") && $0.hasSuffix(".json") }.sorted()
    guard !records.isEmpty else { throw MergeError.noPart(path: path) }
    return records.map { (path as NSString).appendingPathComponent($0) }
  }

  private static func part(_ path: String, _ record: String) throws -> Part {
    let record = try RunRecord(contentsOf: record)
    guard let part = record.part else { throw MergeError.noPart(path: path) }
    return Part(
      path: path, record: record, shard: part.shard, places: part.shard.range(of: part.whole.settings.seeds.count))
  }

  /// Joins the parts.
  ///
  /// - Parameter output: An array of the parts' form or a folder. A folder may be one of the parts: what is there stays, and the
  ///   records of parts give way to that of the run.
  /// - Returns: How many images it holds.
  /// - Throws: ``MergeError`` naming a part that is not whole, or an error of a file.
  public func write(to output: String) throws -> Int {
    guard try OutputForm(output) == form else { throw MergeError.forms(parts[0].path, output) }
    var files = SamplingFiles(output: output, seeds: record.request.settings.seeds)
    files.inputs = form == .folder ? [] : parts.map(\.path)
    try files.check()
    switch form {
    case .grid: throw MergeError.grid(path: output)
    case .folder: try writeFolder(to: output)
    case .archive:
      let (values, shape) = try joined { path -> ([UInt8], [Int])? in
        let array = try NumpyArchive.array("arr_0", in: path)
        guard case .bytes(let bytes) = array.values else { return nil }
        return (bytes, array.shape)
      }
      try record.writeArchive(
        of: values, ImageShape(channels: shape[2], height: shape[0], width: shape[1]), to: output)
    case .array:
      let (values, shape) = try joined { path -> ([Float], [Int])? in
        let array = try NumpyArray(contentsOf: path)
        guard case .floats(let floats) = array.values else { return nil }
        return (floats, array.shape)
      }
      try record.writeArray(
        of: values, ImageShape(channels: shape[0], height: shape[1], width: shape[2]), to: output)
    }
    return record.request.settings.seeds.count
  }

  /// The values of all arrays one after the other, and the extents of one image.
  private func joined<Value>(
    _ read: (String) throws -> (values: [Value], shape: [Int])?
  ) throws -> (values: [Value], shape: [Int]) {
    var values: [Value] = [], image: [Int]?
    for part in parts {
      guard let array = try read(part.path), array.shape.count == 4,
        image.map({ $0 == Array(array.shape[1...]) }) ?? true
      else { throw MergeError.otherArray(path: part.path) }
      guard array.shape[0] == part.places.count, part.record == record.with(part.shard) else {
        throw MergeError.unfinished(path: part.path, images: array.shape[0], of: part.places.count)
      }
      image = Array(array.shape[1...])
      values += array.values
    }
    guard let image else { throw MergeError.nothing }
    return (values, image)
  }

  /// Copies the pictures of all parts that lie elsewhere, each of which must be that of the whole run.
  private func writeFolder(to output: String) throws {
    let settings = record.request.settings
    for part in parts {
      for place in part.places {
        let picture = ImageOutput.picture(settings.seeds[place], in: part.path)
        guard FileManager.default.fileExists(atPath: picture) else {
          throw MergeError.unfinished(path: part.path, images: nil, of: part.places.count)
        }
        guard try PNGImage.texts(contentsOf: picture) == record.with(place: place).texts else {
          throw MergeError.otherPicture(path: picture)
        }
        let target = ImageOutput.picture(settings.seeds[place], in: output)
        if !Self.isSame(picture, target) { try Self.copy(picture, to: target) }
      }
    }
    try record.write(to: form.record(of: output))
    for part in parts where Self.isSame(part.path, output) {
      try? FileManager.default.removeItem(atPath: form.record(of: output, part.shard))
    }
  }

  private static func copy(_ path: String, to target: String) throws(FileError) {
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    try OutputFile.write(file.bytes, to: target)
  }

  /// Whether two paths are one file or folder.
  private static func isSame(_ path: String, _ other: String) -> Bool {
    var (first, second) = (stat(), stat())
    return stat(path, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev
      && first.st_ino == second.st_ino
  }
}

extension RunRecord {
  /// The first field in which two records differ, as their documents call it.
  fileprivate func difference(from other: RunRecord) -> String? {
    guard self != other, let fields = json.object, let others = other.json.object else { return nil }
    // What is shown to people as well follows from these.
    let telling = ["program", "model", "files", "machine", "scheduler", "function_evaluations", "timesteps", "request"]
    return telling.first { fields[$0] != others[$0] } ?? "request"
  }
}
