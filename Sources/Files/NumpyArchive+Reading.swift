extension NumpyArchive {
  /// Reads one array of a `.npz` file by name, stored or deflated.
  ///
  /// - Parameters:
  ///   - name: The array's name without `.npy`; nil for the first one, `arr_0` in most.
  ///   - path: The archive.
  /// - Throws: ``FileError`` if the archive is damaged or there is no such array.
  public static func array(_ name: String?, in path: String) throws(FileError) -> NumpyArray {
    try read(name, in: path) { bytes, path throws(FileError) in try NumpyArray(parsing: bytes, path: path) }
  }

  /// Reads one array of numbers of a `.npz` file in 64 bits, whatever type they have.
  ///
  /// - Throws: ``FileError`` as ``array(_:in:)``.
  public static func doubles(
    _ name: String, in path: String
  ) throws(FileError) -> (values: [Double], shape: [Int]) {
    try read(name, in: path) { bytes, path throws(FileError) in try NumpyArray.doubles(parsing: bytes, path: path) }
  }

  private static func read<Value>(
    _ name: String?, in path: String, _ parse: (UnsafeRawBufferPointer, String) throws(FileError) -> Value
  ) throws(FileError) -> Value {
    let archive = try open(path), entries = archive.entries
    guard let entry = name.map({ archive.entry($0 + ".npy") }) ?? entries.first else {
      let names = entries.map(\.name).joined(separator: ", ")
      throw FileError(path, "has no array '\(name ?? "")'; it has \(names.isEmpty ? "none" : names)")
    }
    return try archive.withContents(of: entry) { bytes throws(FileError) in
      try parse(bytes, "\(path), \(entry.name)")
    }
  }

  /// The names of the arrays of a `.npz` file, without `.npy`, in the order of the archive.
  ///
  /// - Throws: ``FileError`` if the archive is damaged.
  public static func names(in path: String) throws(FileError) -> [String] {
    try open(path).entries.filter { $0.name.hasSuffix(".npy") }.map { String($0.name.dropLast(4)) }
  }

  private static func open(_ path: String) throws(FileError) -> ZipArchive {
    let file = try MappedFile(path)
    defer { withExtendedLifetime(file) {} }
    if let kind = FileKind(file.bytes), ![.npz, .zip].contains(kind),
      let error = FileKind.mistaken(file.bytes, path: path, for: "an .npz archive")
    {
      throw error
    }
    return try ZipArchive(file, as: ".npz archive")
  }
}
