/// Seeds as text, ranges with both ends.
///
/// Such as `0-63,100`. Text, because JSON numbers are exact to 2^53 only.
public struct SeedRanges: Sendable, Hashable, CustomStringConvertible {
  /// Why a text is no list of seeds.
  public enum Fault: Error, Sendable, Hashable {
    /// A part that is neither a number nor a rising range.
    case part(String)
    /// More seeds than are allowed.
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
  ///
  /// - Parameters:
  ///   - text: The seeds.
  ///   - limit: The most that are allowed.
  public init(_ text: String, limit: Int = SeedRanges.limit) throws(Fault) {
    var ranges: [ClosedRange<UInt64>] = []
    var count = 0
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let range: ClosedRange<UInt64> = numberRange(part) else { throw .part(String(part)) }
      let steps = range.upperBound - range.lowerBound
      guard steps < UInt64(limit - count) else { throw .tooMany }
      ranges.append(range)
      count += Int(steps) + 1
    }
    // A set of all seeds would take several times their memory.
    let rising = ranges.sorted { $0.lowerBound < $1.lowerBound }
    guard zip(rising, rising.dropFirst()).allSatisfy({ $0.upperBound < $1.lowerBound }) else { throw .repeated }
    seeds = ranges.reduce(into: []) { $0.append(contentsOf: $1) }
  }

  /// The text, runs of consecutive seeds as ranges.
  public var description: String { rangesText(of: seeds) }
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
