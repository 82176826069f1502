import CZlib

/// Named arrays in one file: NumPy's `.npz`, a ZIP archive of `.npy` files.
public struct NumpyArchive {
  private var entries: [(name: String, contents: [UInt8])] = []

  /// An empty archive.
  public init() {}

  /// Adds the contents of a `.npy` file under a name such as `arr_0`.
  public mutating func add(_ name: String, npy contents: [UInt8]) {
    entries.append((name + ".npy", contents))
  }

  /// The archive as a file, its entries stored without compression as `numpy.savez` does.
  ///
  /// - Throws: ``FileError`` if it would pass the four gigabytes of a plain ZIP archive.
  public func encoded(path: String) throws(FileError) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    guard entries.reduce(0, { $0 + $1.contents.count + 256 }) < Int(UInt32.max) else {
      throw FileError(path, "would pass four gigabytes; write .npy, or fewer images a file")
    }
    for entry in entries {
      let name = Array(entry.name.utf8)
      let checksum = UInt32(crc32(0, entry.contents, UInt32(entry.contents.count)))
      // Version 2.0, no flags, stored, 1 January 1980.
      let common =
        littleEndianBytes(UInt16(20)) + littleEndianBytes(UInt16(0)) + littleEndianBytes(UInt16(0))
        + littleEndianBytes(UInt16(0)) + littleEndianBytes(UInt16(0x21)) + littleEndianBytes(checksum)
        + littleEndianBytes(UInt32(entry.contents.count)) + littleEndianBytes(UInt32(entry.contents.count))
        + littleEndianBytes(UInt16(name.count)) + littleEndianBytes(UInt16(0))
      directory +=
        littleEndianBytes(UInt32(0x0201_4B50)) + littleEndianBytes(UInt16(20)) + common
        + [UInt8](repeating: 0, count: 10)
        + littleEndianBytes(UInt32(file.count)) + name
      file += littleEndianBytes(UInt32(0x0403_4B50)) + common + name + entry.contents
    }
    let start = file.count
    file += directory
    file += littleEndianBytes(UInt32(0x0605_4B50)) + littleEndianBytes(UInt32(0))
    file += littleEndianBytes(UInt16(entries.count)) + littleEndianBytes(UInt16(entries.count))
    file += littleEndianBytes(UInt32(directory.count)) + littleEndianBytes(UInt32(start)) + littleEndianBytes(UInt16(0))
    return file
  }
}
