/// Refuses arguments that are not UTF-8.
///
/// Swift repairs them on the way in, so that a path would name another file than the one that was typed, and an output would
/// get another name.
func checkArgumentBytes() throws(CommandError) {
  let arguments = UnsafeBufferPointer(start: CommandLine.unsafeArgv, count: Int(CommandLine.argc))
  for case let argument? in arguments.dropFirst() where String(validatingCString: argument) == nil {
    throw CommandError("'\(String(cString: argument))': is not UTF-8; rename the file, or type the name in UTF-8")
  }
}
