/// The folder that holds a path's last component, as `dirname` names it; empty for a name alone.
///
/// Foundation's `deletingLastPathComponent` does the same, but stops the program where the last component has one letter and
/// nothing stands before it.
///
/// - Parameter path: A path, with or without slashes at its end.
public func parentFolder(of path: String) -> String {
  var rest = path.utf8[...]
  let slash = UInt8(ascii: "/")
  while rest.count > 1, rest.last == slash { rest.removeLast() }
  guard let last = rest.lastIndex(of: slash) else { return "" }
  rest = rest[...last]
  while rest.count > 1, rest.last == slash { rest.removeLast() }
  return String(rest) ?? ""
}
