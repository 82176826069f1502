import DiffuseGPU

/// An amount of memory as it is typed: `512MB`, `1.5GiB`, `800000000`.
package struct MemorySize: Hashable {
  /// The amount in bytes.
  package let bytes: Int

  /// Reads a number with an optional unit: B, KB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024).
  package init(_ text: String) throws(CommandError) {
    let digits = text.prefix { $0.isNumber || $0 == "." }
    let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
    guard let number = Double(digits), let factor = Self.units[unit], number > 0, number * factor < 0x1p62 else {
      throw CommandError("'\(text)' is no amount of memory; write for instance 512MB or 1.5GiB")
    }
    bytes = Int(number * factor)
  }

  private static let units: [String: Double] = [
    "": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "k": 1e3, "m": 1e6, "g": 1e9,
    "kib": 0x1p10, "mib": 0x1p20, "gib": 0x1p30, "tib": 0x1p40,
  ]
}
