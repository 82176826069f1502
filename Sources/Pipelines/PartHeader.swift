import Files

/// Which part of what a file holds that one of several processes wrote; it stands in the header of a safetensors file.
struct PartHeader: Hashable {
  /// What parts are of.
  enum Kind: String {
    /// Sums of the images of a data set.
    case statistics
    /// Features of the images of a data set, for a reference.
    case reference
    /// Features of the images of a set of samples.
    case features
  }

  private static let format = "diffuse-gpu part 1"

  /// What it is a part of.
  let kind: Kind
  /// Which part.
  let shard: Shard
  /// What all parts have in common, by name.
  let facts: [String: String]

  /// Images of all parts.
  var total: Int { facts["images"].flatMap { Int($0) } ?? 0 }

  /// The texts of the file's header.
  var metadata: [String: String] {
    facts.merging(["format": Self.format, "part": shard.description, "kind": kind.rawValue]) { $1 }
  }

  /// A header that is to be written.
  init(_ kind: Kind, _ shard: Shard, total: Int, _ facts: [String: String]) {
    (self.kind, self.shard) = (kind, shard)
    self.facts = facts.merging(["images": "\(total)"]) { $1 }
  }

  /// Reads the header of a file, nil if it is none of a part.
  init?(_ file: SafetensorsFile) {
    var texts = file.metadata
    guard texts.removeValue(forKey: "format") == Self.format,
      let kind = texts.removeValue(forKey: "kind").flatMap({ Kind(rawValue: $0) }),
      let shard = texts.removeValue(forKey: "part").flatMap({ Shard($0) }),
      let total = texts["images"].flatMap({ Int($0) }), (2...1 << 40).contains(total)
    else { return nil }
    (self.kind, self.shard, facts) = (kind, shard, texts)
  }
}

/// The files of all parts of something, in their order.
struct PartFiles {
  /// What all headers say, that of the first part.
  let header: PartHeader
  /// The files.
  let files: [SafetensorsFile]

  /// Opens parts, in any order.
  ///
  /// - Throws: ``MergeError`` if they are not all the parts of one thing, or `FileError`.
  init(_ paths: [String]) throws {
    let parts = try paths.map { path in
      let file = try SafetensorsFile(path)
      guard let header = PartHeader(file) else { throw MergeError.noPart(path: path) }
      return (path: path, file: file, header: header)
    }.sorted { $0.header.shard.index < $1.header.shard.index }
    guard let head = parts.first else { throw MergeError.nothing }
    for part in parts.dropFirst() {
      guard part.header.shard.count == head.header.shard.count else {
        throw MergeError.counts(head.path, head.header.shard, part.path, part.header.shard)
      }
      guard part.header.kind == head.header.kind else {
        throw MergeError.differ(field: "kind", head.path, part.path)
      }
      let (facts, others) = (part.header.facts, head.header.facts)
      if let field = Set(facts.keys).union(others.keys).sorted().first(where: { facts[$0] != others[$0] }) {
        throw MergeError.differ(field: field, head.path, part.path)
      }
    }
    for (part, next) in zip(parts, parts.dropFirst()) where part.header.shard == next.header.shard {
      throw MergeError.twice(part.header.shard, part.path, next.path)
    }
    let there = Set(parts.map(\.header.shard.index)), count = head.header.shard.count
    if let missing = (0..<count).first(where: { !there.contains($0) }) {
      throw MergeError.missing(Shard(index: missing, count: count))
    }
    (header, files) = (head.header, parts.map(\.file))
  }
}

extension Shard {
  /// Images of a block; statistics are cut at their borders, so that blocks are read whole.
  static let blockSize = 1024

  /// The places of the part in a list that is cut at the borders of blocks.
  func blockRange(of total: Int) -> Range<Int> {
    let blocks = range(of: (total + Self.blockSize - 1) / Self.blockSize)
    return min(total, blocks.lowerBound * Self.blockSize)..<min(total, blocks.upperBound * Self.blockSize)
  }

  /// The safetensors file of a part, by the output of the whole.
  public func partFile(of whole: String) -> String {
    let path = path(of: whole)
    guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/"), whole.contains(".") else {
      return path + ".safetensors"
    }
    return path[..<dot] + ".safetensors"
  }
}
