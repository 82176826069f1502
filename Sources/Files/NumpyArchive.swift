import CZlib

/// Named arrays in one file: NumPy's `.npz`, a ZIP archive of `.npy` files.
public struct NumpyArchive {
  /// One array: the pieces of its `.npy` file.
  private struct Entry {
    let name: String
    let pieces: [[UInt8]]

    var count: Int { pieces.reduce(0) { $0 + $1.count } }

    var checksum: UInt32 {
      UInt32(pieces.reduce(UInt(0)) { crc32($0, $1, UInt32($1.count)) })
    }
  }

  private var entries: [Entry] = []

  /// An empty archive.
  public init() {}

  /// Adds the contents of a `.npy` file under a name such as `arr_0`.
  public mutating func add(_ name: String, npy contents: [UInt8]) {
    entries.append(Entry(name: name + ".npy", pieces: [contents]))
  }

  /// Adds an array whose values are not copied behind their header; see ``NumpyArray/header(ofBytes:)``.
  public mutating func add(_ name: String, header: [UInt8], values: [UInt8]) {
    entries.append(Entry(name: name + ".npy", pieces: [header, values]))
  }

  /// Writes the archive, its entries stored without compression as `numpy.savez` does; values are not copied.
  ///
  /// - Throws: ``FileError`` if it would pass the four gigabytes of a plain ZIP archive, or cannot be written.
  public func write(to path: String) throws(FileError) {
    try OutputFile.write(pieces: pieces(path: path), to: path)
  }

  /// The archive as a file; see ``write(to:)``.
  public func encoded(path: String) throws(FileError) -> [UInt8] {
    Array(try pieces(path: path).joined())
  }

  /// Finds out before any work whether an archive of so many bytes can be written.
  ///
  /// - Throws: ``FileError`` if it would pass the four gigabytes of a plain ZIP archive.
  public static func checkSize(_ byteCount: Int, path: String) throws(FileError) {
    guard byteCount < Int(UInt32.max) - 65_536 else {
      throw FileError(path, "would pass four gigabytes; write .npy, or fewer images a file")
    }
  }

  private func pieces(path: String) throws(FileError) -> [[UInt8]] {
    try Self.checkSize(entries.reduce(0) { $0 + $1.count }, path: path)
    var pieces: [[UInt8]] = []
    var directory: [UInt8] = []
    var start = 0
    for entry in entries {
      let name = Array(entry.name.utf8)
      // Version 2.0, no flags, stored, 1 January 1980.
      let common =
        littleEndianBytes(UInt16(20)) + littleEndianBytes(UInt16(0)) + littleEndianBytes(UInt16(0))
        + littleEndianBytes(UInt16(0)) + littleEndianBytes(UInt16(0x21)) + littleEndianBytes(entry.checksum)
        + littleEndianBytes(UInt32(entry.count)) + littleEndianBytes(UInt32(entry.count))
        + littleEndianBytes(UInt16(name.count)) + littleEndianBytes(UInt16(0))
      directory +=
        littleEndianBytes(UInt32(0x0201_4B50)) + littleEndianBytes(UInt16(20)) + common
        + [UInt8](repeating: 0, count: 10) + littleEndianBytes(UInt32(start)) + name
      let header = littleEndianBytes(UInt32(0x0403_4B50)) + common + name
      pieces += [header] + entry.pieces
      start += header.count + entry.count
    }
    let end =
      littleEndianBytes(UInt32(0x0605_4B50)) + littleEndianBytes(UInt32(0))
      + littleEndianBytes(UInt16(entries.count)) + littleEndianBytes(UInt16(entries.count))
      + littleEndianBytes(UInt32(directory.count)) + littleEndianBytes(UInt32(start)) + littleEndianBytes(UInt16(0))
    return pieces + [directory, end]
  }
}
