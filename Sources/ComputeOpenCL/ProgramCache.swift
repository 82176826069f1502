import Glibc

/// Compiled programs on disk, so that only the first start of a version on a device compiles.
///
/// A file is named by a hash of everything that its binary depends on and carries a hash of its own contents, so that a
/// file cut short counts as missing. Files appear whole, by renaming. `DIFFUSE_KERNEL_CACHE=off` turns the cache off; a
/// folder that cannot be used does the same, silently.
package struct ProgramCache {
  /// Changes whenever the form of the files does.
  private static let format = "diffuse-gpu program 1"

  /// Where the files lie.
  package let folder: String

  /// The cache in `$XDG_CACHE_HOME/diffuse-gpu` or `~/.cache/diffuse-gpu`; nil if it is turned off or there is no home.
  package init?() {
    if environment("DIFFUSE_KERNEL_CACHE") == "off" { return nil }
    guard let parent = environment("XDG_CACHE_HOME") ?? environment("HOME").map({ "\($0)/.cache" }) else { return nil }
    mkdir(parent, 0o777)
    self.init(folder: "\(parent)/diffuse-gpu")
  }

  /// The cache in a folder, which is made if it does not exist.
  package init(folder: String) {
    self.folder = folder
    mkdir(folder, 0o777)
  }

  /// The binary that was kept for a key, if there is one and it is whole.
  package func binary(for key: [String]) -> [UInt8]? {
    guard let bytes = readFile(path(for: key)), bytes.count > 16 else { return nil }
    let binary = Array(bytes[16...])
    return Array(bytes[..<16]) == Hash(binary).bytes ? binary : nil
  }

  /// Keeps a binary for a key; whatever goes wrong only costs the next start its time.
  package func keep(_ binary: [UInt8], for key: [String]) {
    let path = path(for: key)
    let temporary = "\(path).\(getpid())"
    guard let file = fopen(temporary, "wb") else { return }
    let bytes = Hash(binary).bytes + binary
    let written = fwrite(bytes, 1, bytes.count, file)
    let closed = fclose(file) == 0
    if written != bytes.count || !closed || rename(temporary, path) != 0 { unlink(temporary) }
  }

  private func path(for key: [String]) -> String {
    // The lengths keep keys apart whose parts only join to the same text.
    let parts = ([Self.format] + key).map { "\($0.utf8.count) \($0)" }
    return "\(folder)/\(Hash(Array(parts.joined().utf8)).text)"
  }

  /// FNV-1a over 64 bits, from two starting points: no protection against malice, and none is needed in one's own folder.
  private struct Hash {
    private var halves: (UInt64, UInt64) = (0xCBF2_9CE4_8422_2325, 0x9E37_79B9_7F4A_7C15)

    init(_ bytes: [UInt8]) {
      for byte in bytes {
        halves.0 = (halves.0 ^ UInt64(byte)) &* 0x100_0000_01B3
        halves.1 = (halves.1 ^ UInt64(byte)) &* 0x100_0000_01B3
      }
    }

    var bytes: [UInt8] {
      [halves.0, halves.1].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (8 * $0)) } }
    }

    var text: String {
      bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
  }
}
