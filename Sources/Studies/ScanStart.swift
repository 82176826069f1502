/// Where the runs of a scan begin: at the prior, or late at a training step.
public enum ScanStart: Sendable, Hashable {
  /// The sampler's own first level.
  case prior
  /// A training step.
  case late(Int)

  /// Why a text names no starts.
  public enum Fault: Error, Sendable, Hashable {
    /// A part that is neither the word `prior` nor a training step.
    case part(String)
    /// Three dots that do not stand between falling or rising steps that they reach by whole strides.
    case dots
    /// A start that is named twice.
    case repeated(String)
  }

  /// The largest number of starts.
  public static let limit = 10_000

  /// Reads a list such as `prior,900,800,...,300`.
  ///
  /// Three dots go on by the stride of the two steps before them, or by 100 where there is but one, to the step after them.
  public static func list(_ text: String) throws(Fault) -> [ScanStart] {
    var result: [ScanStart] = []
    var isOpen = false
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      switch part {
      case "prior" where !isOpen: result.append(.prior)
      case "..." where !isOpen && result.last?.step != nil: isOpen = true
      case "...": throw .dots
      default:
        guard let step = Int(part), (1..<1 << 20).contains(step) else { throw .part(String(part)) }
        if isOpen { result += try between(result.compactMap(\.step), step) }
        result.append(.late(step))
        isOpen = false
      }
    }
    guard !isOpen else { throw .dots }
    var seen: Set<ScanStart> = []
    for start in result where !seen.insert(start).inserted { throw .repeated("\(start)") }
    return result
  }

  /// What lies between the last of some steps and the end of a range.
  private static func between(_ steps: [Int], _ end: Int) throws(Fault) -> [ScanStart] {
    guard let last = steps.last else { throw .dots }
    let step = steps.count > 1 ? last - steps[steps.count - 2] : end < last ? -100 : 100
    guard step != 0, (end - last) % step == 0, (0...limit).contains((end - last) / step) else { throw .dots }
    return stride(from: last + step, to: end, by: step).map { .late($0) }
  }

  /// The training step, or nil for the prior.
  public var step: Int? { if case .late(let step) = self { step } else { nil } }
}

extension ScanStart: CustomStringConvertible {
  /// The word, or the step.
  public var description: String { step.map(String.init) ?? "prior" }
}
