import Foundation
import Synchronization

/// Ctrl-C, SIGTERM and SIGHUP as a question that loops ask between two steps; a second Ctrl-C ends the program at once.
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
    sigaddset(&signals, SIGHUP)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interruption.isRequestedFlag.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
    // A terminal that goes away sends it more than once, its shell again: the second must not end what the first is to save.
    // Under nohup it is ignored, and stays so.
    var former = sigaction()
    sigaction(SIGHUP, nil, &former)
    guard unsafeBitCast(former.__sigaction_handler.sa_handler, to: Int.self) != unsafeBitCast(SIG_IGN, to: Int.self)
    else {
      return
    }
    signal(SIGHUP) { _ in Interruption.isRequestedFlag.store(true, ordering: .relaxed) }
  }
}
