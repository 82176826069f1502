/// How long a run may take from the moment on when the limit is read, for queues that end programs.
struct TimeLimit {
  /// The duration.
  let duration: Duration

  private let start = ContinuousClock.now

  /// Reads `hours:minutes:seconds`, `hours:minutes`, or a number with `s`, `m` or `h`.
  init(_ text: String) throws(CommandError) {
    guard let seconds = Self.seconds(text), seconds > 0 else {
      throw CommandError("--time-limit '\(text)': hours:minutes:seconds, hours:minutes, or such as 90s, 45m, 12h")
    }
    duration = .seconds(seconds)
  }

  /// Whether so much time has passed.
  var isReached: Bool { ContinuousClock.now - start >= duration }

  /// The seconds of a text, nil for none and for more than a year.
  private static func seconds(_ text: String) -> Int? {
    let most = 366 * 86_400
    if let unit = text.last.flatMap({ ["s": 1, "m": 60, "h": 3600][$0] }) {
      return Int(text.dropLast()).flatMap { (0...most / unit).contains($0) ? $0 * unit : nil }
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard 2...3 ~= parts.count, let hours = parts[0], 0...8784 ~= hours else { return nil }
    let rest = parts.dropFirst().map { $0.flatMap { 0..<60 ~= $0 ? $0 : nil } }
    guard let minutes = rest.first ?? nil, let seconds = rest.count == 2 ? rest.last ?? nil : 0 else { return nil }
    return (hours * 60 + minutes) * 60 + seconds
  }
}
