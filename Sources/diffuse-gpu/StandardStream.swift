import Foundation

/// Standard output or standard error, either of which may be closed, full, or a pipe that nobody reads from.
enum StandardStream: Int32 {
  case output = 1
  case error = 2

  /// Writes a text, whole.
  ///
  /// - Throws: ``CommandError`` with one line if the stream does not take it.
  func write(_ text: String) throws(CommandError) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(rawValue, $0.baseAddress, $0.count) }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN {
        // Another program has made the terminal or pipe that is shared with it one that does not wait.
        var place = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
        poll(&place, 1, -1)
      } else if errno != EINTR {
        throw CommandError("standard \(self) cannot be written: \(String(cString: strerror(errno)))")
      }
    }
  }

  /// Says something that no result depends on: a stream that does not take it never ends a run.
  func offer(_ text: String) {
    try? write(text)
  }

  /// Makes failing streams errors that can be handled; to be called before any file is opened.
  static func prepare() {
    // A file that is opened later must not get the number of a stream that was closed: it would take what is meant for the
    // stream. Nothing can be written to this stand-in.
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 { _ = open("/dev/null", O_RDONLY) }
    // A pipe that nobody reads from and a file beyond `ulimit -f` end a write, not the program.
    for number in [SIGPIPE, SIGXFSZ] { _ = signal(number, SIG_IGN) }
  }
}
