import Foundation
import Synchronization

/// Ctrl-C and SIGTERM as a question that loops ask between two steps; a second Ctrl-C ends the program at once.
enum Interruption {
  private static let isRequestedFlag = Atomic(false)

  /// Whether the user has asked the program to stop.
  static var isRequested: Bool { isRequestedFlag.load(ordering: .relaxed) }

  /// Starts to listen for the signals.
  static func listen() {
    // Who starts the program from a worker thread may hand down a mask that blocks them.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interruption.isRequestedFlag.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
  }
}
