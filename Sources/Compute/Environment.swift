import Glibc

/// The value of an environment variable that is set and not empty: an empty one is as if it were not set.
package func environment(_ name: String) -> String? {
  guard let value = getenv(name), value.pointee != 0 else { return nil }
  return String(cString: value)
}
