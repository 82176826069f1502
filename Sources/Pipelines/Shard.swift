import Files
import Foundation

/// One of several contiguous parts of a list of images, which processes or machines that know nothing of each other may take.
///
/// Part `i` of `n` holds the images from `floor(i N / n)` up to `floor((i + 1) N / n)`, so that lengths differ by at most one, and parts
/// may be empty. As text `i/n`, counted from 0.
public struct Shard: Sendable, Hashable, CustomStringConvertible {
  /// The most parts.
  public static let largestCount = 1 << 20

  /// Which part it is, from 0.
  public let index: Int
  /// How many there are.
  public let count: Int

  /// A part.
  public init(index: Int, count: Int) {
    precondition((1...Self.largestCount).contains(count) && (0..<count).contains(index), "part \(index) of \(count)")
    self.index = index
    self.count = count
  }

  /// Reads `i/n`; nil for what is none, or lies outside of 0 to n - 1.
  public init?(_ text: String) {
    let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let index = numbers[0], let count = numbers[1], (1...Self.largestCount).contains(count),
      (0..<count).contains(index)
    else { return nil }
    self.init(index: index, count: count)
  }

  /// The text.
  public var description: String { "\(index)/\(count)" }

  /// The places of the part in a list of so many.
  public func range(of total: Int) -> Range<Int> {
    func border(_ part: Int) -> Int {
      let product = total.multipliedFullWidth(by: part)
      return count.dividingFullWidth(product).quotient
    }
    return border(index)..<border(index + 1)
  }

  /// The file or folder of the part, by that of the whole: `out.part-2-of-7.npz` for `out.npz`, `scan.part-2-of-7` for `scan`.
  public func path(of whole: String) -> String {
    let path = whole as NSString, ending = path.pathExtension
    return "\(path.deletingPathExtension).part-\(index)-of-\(count)" + (ending.isEmpty ? "" : "." + ending)
  }

  /// Where the images of the part go: to a file of its own, or into the folder of all parts.
  ///
  /// - Throws: ``MergeError/grid(path:)`` for a picture of many images, or `FileError` for an unknown form.
  public func output(_ whole: String) throws -> String {
    switch try OutputForm(whole) {
    case .grid: throw MergeError.grid(path: whole)
    case .folder: whole
    case .archive, .array: path(of: whole)
    }
  }

  /// Whether the record of the part is there, which is written last.
  public func hasRecord(at whole: String) throws -> Bool {
    let output = try output(whole)
    return FileManager.default.fileExists(atPath: try OutputForm(whole).record(of: output, self))
  }
}

extension Shard: Codable {
  /// Reads the text.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer(), text = try container.decode(String.self)
    guard let shard = Self(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no part, such as 0/4")
    }
    self = shard
  }

  /// Writes the text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
