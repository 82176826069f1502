import DiffuseGPU

/// The seeds of a run as flags name them.
package enum SeedList {
  /// The seeds `first ..< first + count`, of `--seed` and `--count`.
  package static func seeds(from first: UInt64, count: Int) throws(CommandError) -> [UInt64] {
    guard count >= 1 else { throw CommandError("--count \(count): at least one image is made") }
    guard count <= SeedRanges.limit else {
      throw CommandError("--count \(count): at most \(SeedRanges.limit) images a run")
    }
    guard first <= UInt64.max - UInt64(count - 1) else {
      throw CommandError("--seed \(first): with --count \(count) the seeds pass 2^64 - 1")
    }
    return (0..<UInt64(count)).map { first + $0 }
  }

  /// A list such as `0-63,100`, of `--seeds`.
  package static func seeds(in text: String) throws(CommandError) -> [UInt64] {
    do throws(SeedRanges.Fault) {
      return try SeedRanges(text).seeds
    } catch {
      throw switch error {
      case .part(let part):
        CommandError("--seeds '\(text)': '\(part)' is neither a number nor a range such as 0-63")
      case .tooMany: CommandError("--seeds '\(text)': more than \(SeedRanges.limit) images")
      case .repeated: CommandError("--seeds '\(text)': a seed is named twice")
      }
    }
  }
}
