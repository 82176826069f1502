import Foundation

/// Files that are cut short while they are mapped, by somebody who writes to them in place.
package enum LostPages {
  /// Lets the program end with one line, instead of a trap, when pages are touched that are no longer there.
  package static func explain() {
    var action = sigaction()
    action.__sigaction_handler.sa_sigaction = { _, info, _ in
      // Nothing but system calls may stand here. Other kinds of SIGBUS are faults of the program: they come again, and trap.
      guard info?.pointee.si_code == Int32(BUS_ADRERR) else {
        signal(SIGBUS, SIG_DFL)
        return
      }
      let line: StaticString = "Error: a file that is read was cut short meanwhile, or its disk failed\n"
      _ = write(STDERR_FILENO, line.utf8Start, line.utf8CodeUnitCount)
      _exit(1)
    }
    action.sa_flags = SA_SIGINFO
    sigaction(SIGBUS, &action, nil)
  }
}
