/// Seeds as text, ranges with both ends.
///
/// Such as `0-63,100`. Text, because JSON numbers are exact to 2^53 only.
public struct SeedRanges: Sendable, Hashable, CustomStringConvertible {
  /// Why a text is no list of seeds.
  public enum Fault: Error, Sendable, Hashable {
    /// A part that is neither a number nor a rising range.
    case part(String)
    /// More seeds than ``SeedRanges/limit``.
    case tooMany
    /// The same seed twice.
    case repeated
  }

  /// The most seeds of one run: ten million, so that a slip of the finger does not fill the memory.
  public static let limit = 10_000_000

  /// The seeds in the order in which they are named, one a sample.
  public let seeds: [UInt64]

  /// The text of some seeds.
  public init(_ seeds: [UInt64]) {
    self.seeds = seeds
  }

  /// Reads numbers and rising ranges.
  public init(_ text: String) throws(Fault) {
    var seeds: [UInt64] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
      guard let first = ends.first ?? nil, ends.count <= 2, let last = ends.count == 2 ? ends[1] : first, first <= last
      else { throw .part(String(part)) }
      guard last - first < UInt64(Self.limit), seeds.count + Int(last - first) < Self.limit else { throw .tooMany }
      seeds.append(contentsOf: first...last)
    }
    guard Set(seeds).count == seeds.count else { throw .repeated }
    self.seeds = seeds
  }

  /// The text, runs of consecutive seeds as ranges.
  public var description: String {
    var parts: [String] = []
    var start = 0
    while start < seeds.count {
      var end = start
      while end + 1 < seeds.count, seeds[end] < .max, seeds[end + 1] == seeds[end] + 1 { end += 1 }
      parts.append(start == end ? "\(seeds[start])" : "\(seeds[start])-\(seeds[end])")
      start = end + 1
    }
    return parts.joined(separator: ",")
  }
}

extension SeedRanges: Codable {
  /// Reads the text.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer(), text = try container.decode(String.self)
    do throws(Fault) {
      try self.init(text)
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' are no seeds")
    }
  }

  /// Writes the text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
