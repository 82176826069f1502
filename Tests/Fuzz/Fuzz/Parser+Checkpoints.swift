import DiffuseGPU

extension Parser {
  /// Files of PyTorch.
  static let checkpoints: [Parser] = [
    Parser("torch-archive", longestInput: 16384) {
      try fixtures("checkpoints", ending: ".pt").filter { $0.starts(with: [0x50, 0x4B]) }
        + fixtures("checkpoints", ending: ".pth").filter { $0.starts(with: [0x50, 0x4B]) }
        + fixtures("checkpoints/hostile", ending: ".pt").filter { $0.starts(with: [0x50, 0x4B]) }
    } read: { bytes in
      try readCheckpoint(bytes)
    },
    Parser("torch-legacy") {
      try fixtures("checkpoints", ending: "legacy.pt") + fixtures("checkpoints", ending: "legacy-view.pt")
        + fixtures("checkpoints", ending: "legacy.pth") + fixtures("checkpoints/hostile", ending: "legacy.pt")
    } read: { bytes in
      try readCheckpoint(bytes)
    },
    Parser("pickle") {
      try fixtures("checkpoints", ending: ".pkl").filter { $0.count <= 4096 }
        + fixtures("checkpoints/hostile", ending: ".pkl")
    } read: { bytes in
      try readCheckpoint(bytes)
    },
    Parser("edm-pickle", longestInput: 65536) {
      try fixtures("checkpoints", ending: "edm-song.pkl") + fixtures("checkpoints", ending: "edm-fourier.pkl")
    } read: { bytes in
      try readCheckpoint(bytes)
    },
    Parser("zip") {
      try fixtures("foreign", ending: "zip64.npz") + fixtures("foreign", ending: "stored.npz")
        + fixtures("checkpoints", ending: "nothing.pt")
    } read: { bytes in
      let archive = try ZipArchive(MappedFile(name: "input", embedded: bytes))
      var taken: [Range<Int>] = []
      for entry in archive.entries {
        try BrokenPromise.unless(entry.range.upperBound <= bytes.count, "an entry lies in its archive")
        try BrokenPromise.unless(!taken.contains { $0.overlaps(entry.range) }, "entries share no bytes")
        try BrokenPromise.unless(!entry.isStored || entry.count == entry.range.count, "a stored entry has its size")
        taken.append(entry.range)
      }
    },
  ]

  /// Reads a checkpoint in all ways: listed, as weights of its family, and each value of its dictionary by itself.
  private static func readCheckpoint(_ bytes: UnsafeRawBufferPointer) throws {
    let mapped = MappedFile(name: "input.pt", embedded: bytes)
    let listing = try TensorListing(mapped)
    let calls = listing.globals.contains { $0.inertCalls > 0 }
    let file = try TorchFile(mapped)
    if let checkpoint = try? Checkpoint(mapped) {
      try BrokenPromise.unless(!calls, "no network is made of a file with calls that are not understood")
      guard checkpoint.configuration.parameterCount <= 20_000 else { return }
      _ = try UNet(checkpoint.configuration, parameters: checkpoint.parameters())
    }
    for choice in WeightChoice.allCases {
      guard let weights = try? CheckpointWeights(file, choice) else { continue }
      try BrokenPromise.unless(!calls, "no tensors are taken of a file with calls that are not understood")
      try readTensors(weights.state, bytes.count)
    }
    for (name, value) in (file.root.members ?? []).prefix(32) {
      _ = (name.printable, value.kind, value.elements?.count, value.className, value["state"]?.kind, value.identity)
      guard let state = try? file.state(value, name: name) else { continue }
      try readTensors(state, bytes.count)
    }
    guard let state = try? file.state(file.root, name: "the file") else { return }
    try BrokenPromise.unless(!calls, "no tensors are taken of a file with calls that are not understood")
    try readTensors(state, bytes.count)
  }

  private static func readTensors(_ file: StateDictionary, _ byteCount: Int) throws {
    for name in file.names.prefix(64) {
      guard let entry = file.entries[name] else { throw BrokenPromise(description: "broken: every name has a tensor") }
      let source = file.source(of: entry)
      try BrokenPromise.unless(entry.range.upperBound <= source.bytes.count, "a tensor lies in its file")
      try BrokenPromise.unless(
        entry.count * entry.type.byteCount <= 2 * byteCount, "a tensor is no larger than its file")
      guard entry.type.isFloatingPoint else {
        try BrokenPromise.unless(file.integers(entry).map { $0.count == entry.count } ?? true, "a tensor is full")
        continue
      }
      try BrokenPromise.unless(file.floats(entry).count == entry.count, "a tensor is full")
      try BrokenPromise.unless(file.doubles(entry).count == entry.count, "a tensor is full")
    }
  }
}
