/// The classes of a run's images, counted round: image `i` of the run has the `i`-th of them.
///
/// The place that counts is that in the list of seeds of the request, so that images that are there already and are left out, and
/// a run that is interrupted, change no other image's class. As text `3`, `3,5`, `0-9` or `each`.
public enum ClassList: Sendable, Hashable {
  /// Every class of the model, without the last row of its table, which is that of no class.
  case each
  /// At least one label.
  case labels([Int])

  /// Why a text names no classes.
  public enum Fault: Error, Sendable, Hashable {
    /// A part that is neither a label nor a rising range of them.
    case part(String)
    /// More labels than a run has images.
    case tooMany
  }

  /// The largest label; far more than any network has classes.
  public static let largestLabel = (1 << 20) - 1

  /// Reads `each`, or labels and rising ranges.
  public init(_ text: String) throws(Fault) {
    guard text != "each" else {
      self = .each
      return
    }
    var labels: [Int] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let range: ClosedRange<Int> = numberRange(part), range.lowerBound >= 0,
        range.upperBound <= Self.largestLabel
      else { throw .part(String(part)) }
      guard labels.count + range.upperBound - range.lowerBound < SeedRanges.limit else { throw .tooMany }
      labels.append(contentsOf: range)
    }
    self = .labels(labels)
  }

  /// The shortest list that, counted round, gives each of some images its label.
  init(of labels: [Int]) {
    // The failure function of Knuth, Morris and Pratt (1977): the longest proper prefix that is a suffix as well.
    var border = [Int](repeating: 0, count: labels.count)
    for place in labels.indices.dropFirst() {
      var length = border[place - 1]
      while length > 0, labels[place] != labels[length] { length = border[length - 1] }
      border[place] = labels[place] == labels[length] ? length + 1 : 0
    }
    self = .labels(Array(labels[..<(labels.count - (border.last ?? 0))]))
  }
}

extension ClassList: CustomStringConvertible {
  /// The text, runs of consecutive labels as ranges.
  public var description: String {
    guard case .labels(let labels) = self else { return "each" }
    return rangesText(of: labels)
  }
}

extension ClassList: Codable {
  /// Reads a label, as records of one class have it, or the text.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let label = try? container.decode(Int.self) {
      self = .labels([label])
      return
    }
    let text = try container.decode(String.self)
    do throws(Fault) {
      try self.init(text)
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' are no classes")
    }
  }

  /// Writes one label as a number and everything else as text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if case .labels(let labels) = self, labels.count == 1 {
      try container.encode(labels[0])
    } else {
      try container.encode(description)
    }
  }
}
