/// What is thrown to leave a study that is to stop; what is finished is on disk.
struct StudyStop: Error {}

/// How far a study is, in evaluations, and whether it is to stop.
final class StudyProgress {
  /// What is under way, done and to do.
  typealias Report = (_ phase: String, _ done: Int, _ total: Int) -> Void

  private let shouldStop: () -> Bool
  private let report: Report
  private var (phase, done, total) = ("", 0, 1)

  init(shouldStop: @escaping () -> Bool, report: @escaping Report) {
    (self.shouldStop, self.report) = (shouldStop, report)
  }

  /// Begins a part of the study of so many pieces of work.
  func begin(_ phase: String, total: Int) {
    (self.phase, done, self.total) = (phase, 0, max(1, total))
  }

  /// Counts work that is done; what goes beyond a total that was a guess is not told.
  func advance(by count: Int) {
    guard done < total else { return }
    done = min(total, done + count)
    report(phase, done, total)
  }

  /// Throws ``StudyStop`` if the study is to stop.
  func check() throws {
    if shouldStop() { throw StudyStop() }
  }
}
