/// A file of PyTorch, read as data: an archive, a legacy stream, or a plain pickle, of protocols 2 to 5.
///
/// A pickle is a program, and Python runs whatever functions it names. Nothing of it runs here: some fifteen names are understood, as what
/// they make of data; all others are inert. A file in which a function that is not understood is called is refused, by that name, as soon
/// as a tensor is wanted from it; ``TensorListing`` says what is in any file.
///
/// No length of the file is trusted. Reading takes time in proportion to the pickles, and at most three times the file's size of memory,
/// or 32 MiB; tensors stay where they are in the file until they are read.
public struct TorchFile {
  /// How the pickles and the numbers are kept.
  public enum Container: String, Sendable, CaseIterable {
    /// PyTorch 1.6 and later: a ZIP archive.
    case archive
    /// PyTorch 0.1.10 to 1.5: five pickles, then the storages.
    case legacy
    /// One pickle, with the storages inside.
    case pickle

    /// What messages call it.
    public var name: String {
      switch self {
      case .archive: "an archive of PyTorch"
      case .legacy: "a legacy stream of PyTorch"
      case .pickle: "a Python pickle"
      }
    }

    /// The form that bytes begin like, or nil if they are no file of PyTorch.
    public init?(_ bytes: some RandomAccessCollection<UInt8>) {
      // The length of a safetensors header may be the bytes of a protocol; the header itself decides.
      if SafetensorsFile.beginsHeader(bytes) {
        return nil
      } else if bytes.starts(with: [0x50, 0x4B, 3, 4]) {
        self = .archive
      } else if bytes.starts(with: LegacyStream.beginning) {
        self = .legacy
      } else if bytes.count > 2, let version = bytes.dropFirst().first, bytes.first == 0x80, (2...5).contains(version) {
        self = .pickle
      } else {
        return nil
      }
    }
  }

  /// The file.
  public let file: MappedFile
  /// How it is kept.
  public let container: Container
  let graph: PickleGraph
  private let value: PickleSlot

  /// Maps a file and interprets its pickles.
  public init(_ path: String) throws(FileError) {
    try self.init(MappedFile(path))
  }

  /// Interprets the pickles of a file that is already mapped.
  ///
  /// - Throws: ``FileError`` if it is no file of PyTorch, damaged, or holds an opcode that is not read.
  public init(_ file: MappedFile) throws(FileError) {
    let container = try Self.container(of: file), graph = PickleGraph(file)
    self.value = try Self.interpreted(container, graph)
    self.file = file
    self.container = container
    self.graph = graph
  }

  static func container(of file: MappedFile) throws(FileError) -> Container {
    defer { withExtendedLifetime(file) {} }
    guard let container = Container(file.bytes) else {
      throw FileKind.mistaken(file.bytes, path: file.path, for: "a file of PyTorch")
        ?? FileError(
          file.path, "is no file of PyTorch: it begins neither as a ZIP archive nor as a pickle of protocol 2 to 5")
    }
    return container
  }

  /// The value of a file's pickles; their graph has what was found, even if they are damaged.
  static func interpreted(_ container: Container, _ graph: PickleGraph) throws(FileError) -> PickleSlot {
    let whole = 0..<graph.file.bytes.count
    switch container {
    case .archive:
      let archive = try TorchArchive(graph.file)
      var machine = PickleMachine(graph, in: archive.pickle, storages: archive)
      let value = try machine.run()
      guard machine.position == archive.pickle.upperBound else { throw machine.fault("bytes follow its end") }
      return value
    case .legacy: return try LegacyStream.read(in: whole, of: graph)
    case .pickle:
      var machine = PickleMachine(graph, in: whole)
      let value = try machine.run()
      guard machine.position == whole.upperBound else { throw machine.fault("bytes follow its end") }
      return value
    }
  }

  /// What the file holds.
  public var root: PickleValue { PickleValue(graph: graph, slot: value) }

  /// Makes sure that no function is called that is not understood.
  ///
  /// - Throws: ``FileError`` that names the first of them.
  public func checkInert() throws(FileError) {
    guard let global = graph.globals.first(where: { $0.inertCalls > 0 }) else { return }
    throw FileError(
      file.path,
      "calls \(global), which no state of a network needs; it is not run, and a file without it is needed")
  }

  /// Tensors of the file by names of the caller's.
  ///
  /// - Parameter tensors: Values of this file, with names that differ.
  /// - Throws: ``FileError`` if a function is called that is not understood, or a value is no tensor.
  public func tensors(_ tensors: [(name: String, value: PickleValue)]) throws(FileError) -> StateDictionary {
    try checkInert()
    var entries: [String: TensorEntry] = [:]
    for (name, value) in tensors {
      guard let entry = value.tensor else { throw FileError(file.path, "'\(name)' is \(value.kind), not a tensor") }
      try graph.charge(512 + 2 * name.utf8.count)
      guard entries.updateValue(entry, forKey: name) == nil else {
        throw FileError(file.path, "tensor '\(name)' is there twice")
      }
    }
    return StateDictionary(
      names: tensors.map(\.name), entries: entries,
      parameters: Set(tensors.filter(\.value.isParameter).map(\.name)), sources: graph.sources)
  }

  /// The tensors of a dictionary of the file, such as a network's state.
  ///
  /// Plain values in it, such as a version, are left out.
  ///
  /// - Parameters:
  ///   - value: A value of this file.
  ///   - name: What messages call it.
  /// - Throws: ``FileError`` if it is no dictionary, has no tensors, or holds what is neither a tensor nor plain data.
  public func state(_ value: PickleValue, name: String) throws(FileError) -> StateDictionary {
    try checkInert()
    guard let members = value.members else {
      throw FileError(file.path, "\(name) is \(value.kind), not a dictionary of tensors")
    }
    let tensors = members.filter { $0.value.tensor != nil || $0.value.isInert }
    guard !tensors.isEmpty else { throw FileError(file.path, "\(name) has no tensors") }
    return try self.tensors(tensors)
  }
}

/// Tensors of a file of PyTorch by their names.
public struct StateDictionary: TensorFile {
  /// The names in the order of the file, which is that of the network's making.
  public let names: [String]
  /// The tensors by name.
  public let entries: [String: TensorEntry]
  /// The names of those that are kept as parameters; a state dictionary keeps none as such.
  public let parameters: Set<String>
  let sources: [MappedFile]

  /// The file.
  public var file: MappedFile { sources[0] }

  /// The file, or what of it had to be decoded.
  public func source(of entry: TensorEntry) -> MappedFile { sources[entry.source] }
}
