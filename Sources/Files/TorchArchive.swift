/// What PyTorch has written since 1.6: a ZIP archive of a pickle, `data.pkl`, and of one record for each storage beside it, `data/KEY`.
///
/// The folder that holds them may have any name. Storages are stored, not compressed, and read in place; their checksums are not looked
/// at, as PyTorch may be told to write none.
final class TorchArchive: PersistentStorages {
  /// The pickle.
  let pickle: Range<Int>
  /// Whether the highest byte of a number comes first.
  let isBigEndian: Bool
  private let records: [String: ZipArchive.Entry]
  private let folder: String
  private var storages: [String: TorchStorage] = [:]

  /// Finds the parts of an archive.
  ///
  /// - Throws: ``FileError`` if it is another archive, or a program of TorchScript.
  init(_ file: MappedFile) throws(FileError) {
    let archive = try ZipArchive(file), path = file.path
    let pickles = archive.entries.filter { $0.name.hasSuffix("/data.pkl") || $0.name == "data.pkl" }
    guard pickles.count == 1, let pickle = pickles.first else {
      throw FileError(
        path, pickles.isEmpty ? "is no archive of PyTorch: it has no data.pkl" : "has \(pickles.count) files data.pkl")
    }
    folder = String(pickle.name.dropLast("data.pkl".utf8.count))
    records = Dictionary(archive.entries.map { ($0.name, $0) }) { first, _ in first }
    guard records[folder + "constants.pkl"] == nil else {
      throw FileError(path, "is a program of TorchScript; save its state_dict() and read that")
    }
    guard pickle.isStored else { throw FileError(path, "entry '\(pickle.name)' is compressed; PyTorch stores it") }
    // A checksum of zero is none.
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[pickle.range])
    guard pickle.checksum == 0 || ZipArchive.checksum(bytes) == pickle.checksum else {
      throw FileError(path, "entry '\(pickle.name)' is damaged")
    }
    self.pickle = pickle.range
    let order = records[folder + "byteorder"].map { String(decoding: file.bytes[$0.range].prefix(16), as: UTF8.self) }
    guard order == nil || order == "little" || order == "big" else {
      throw FileError(path, "entry '\(folder)byteorder' is '\(order ?? "")', not little or big")
    }
    isBigEndian = order == "big"
    withExtendedLifetime(file) {}
  }

  func storage(_ name: PickleSlot, in graph: PickleGraph) throws(FileError) -> PickleSlot {
    let name = try StorageName(name, in: graph), path = graph.file.path
    guard name.view == nil else { throw FileError(path, "storage '\(name.key)' is a view, as archives have none") }
    let storage = if let known = storages[name.key] { known } else { try add(name, in: graph) }
    guard storage.type == name.type, storage.count == name.count else {
      throw FileError(path, "storage '\(name.key)' is of two forms")
    }
    return try graph.add(.storage(storage))
  }

  private func add(_ name: StorageName, in graph: PickleGraph) throws(FileError) -> TorchStorage {
    let record = "\(folder)data/\(name.key)", path = graph.file.path
    guard let entry = records[record] else { throw FileError(path, "entry '\(record)' is not there") }
    guard entry.isStored else { throw FileError(path, "entry '\(record)' is compressed; PyTorch stores it") }
    let storage = TorchStorage(name.type, count: name.count, isBigEndian: isBigEndian, range: entry.range)
    guard storage.byteCount == entry.count else {
      throw FileError(
        path,
        "entry '\(record)' has \(entry.count) bytes; \(name.count) elements of \(name.type.rawValue) take \(storage.byteCount)"
      )
    }
    try graph.charge(256 + name.key.utf8.count)
    storages[name.key] = storage
    return storage
  }
}
