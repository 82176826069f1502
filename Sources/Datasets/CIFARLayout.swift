import Files

/// Finds the files of CIFAR-10 and CIFAR-100, unpacked by hand or where torchvision keeps them.
enum CIFARLayout {
  /// The binary files right in a folder: those of training if there are any.
  static func source(in folder: FolderListing) throws(FileError) -> CIFARSource? {
    let binaries = folder.files.filter { $0.hasSuffix(".bin") }
    let batches = binaries.filter { $0.hasPrefix("data_batch") || $0.contains("train") }
    guard !binaries.isEmpty else { return nil }
    return try CIFARSource((batches.isEmpty ? binaries : batches).map(folder.path(of:)), path: folder.path)
  }

  /// The binary files in a folder of this one, such as `cifar-10-batches-bin`.
  ///
  /// - Throws: `FileError` if there are several sets, or the version for Python alone, whose pickles are not read.
  static func source(below folder: FolderListing) throws(FileError) -> CIFARSource? {
    let sets = folder.folders.filter { $0.lowercased().hasPrefix("cifar") }
    let binaries = sets.filter { folder.folder($0)?.files.contains { $0.hasSuffix(".bin") } == true }
    guard binaries.count <= 1 else {
      throw FileError(folder.path, "holds several sets (\(binaries.joined(separator: ", "))); name the folder of one")
    }
    if let set = binaries.first, let inner = folder.folder(set) { return try source(in: inner) }
    for inner in [folder] + sets.compactMap(folder.folder) {
      guard inner.files.contains("data_batch_1") || ["train", "test", "meta"].allSatisfy(inner.files.contains) else {
        continue
      }
      throw FileError(
        inner.path,
        "holds CIFAR as pickles of Python, which are not read; the binary version (cifar-*-binary.tar.gz) is")
    }
    return nil
  }
}
