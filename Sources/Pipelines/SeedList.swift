/// The seeds of a run, one an image, as they are typed: `0-63,100`.
public struct SeedList: Sendable, Hashable {
  /// The seeds in the order in which they were named.
  public let seeds: [UInt64]

  /// The seeds `first ..< first + count`.
  public init(first: UInt64, count: Int) throws(PipelineError) {
    guard count >= 1 else { throw PipelineError("--count \(count): at least one image is made") }
    guard count <= Self.limit else { throw PipelineError("--count \(count): at most \(Self.limit) images a run") }
    guard first <= UInt64.max - UInt64(count - 1) else {
      throw PipelineError("--seed \(first): with --count \(count) the seeds pass 2^64 - 1")
    }
    seeds = (0..<UInt64(count)).map { first + $0 }
  }

  /// Reads a list of numbers and ranges such as `0-63,100`; both ends of a range count.
  public init(_ text: String) throws(PipelineError) {
    var seeds: [UInt64] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
      guard let first = ends.first ?? nil, ends.count <= 2, let last = ends.count == 2 ? ends[1] : first, first <= last
      else { throw PipelineError("--seeds '\(text)': '\(part)' is neither a number nor a range such as 0-63") }
      guard last - first < UInt64(Self.limit), seeds.count + Int(last - first) < Self.limit else {
        throw PipelineError("--seeds '\(text)': more than \(Self.limit) images")
      }
      seeds.append(contentsOf: first...last)
    }
    guard Set(seeds).count == seeds.count else { throw PipelineError("--seeds '\(text)': a seed is named twice") }
    self.seeds = seeds
  }

  /// The most images of one run: ten million, so that a slip of the finger does not fill the memory with seeds.
  private static let limit = 10_000_000
}
