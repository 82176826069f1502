import Files

/// Which files of a folder hold a network's weights.
struct WeightFiles {
  /// The names under which diffusers saves a network.
  static let stem = "diffusion_pytorch_model"

  let files: ModelFiles
  let folder: String
  let names: [String]

  init(_ files: ModelFiles, in folder: String) {
    self.files = files
    self.folder = folder
    names = files.names(in: folder)
  }

  /// Opens the weights of a variant such as `fp16`; with nil the full precision, or the only variant that there is.
  ///
  /// Where there are both an index of shards and a single file, the index counts, as in diffusers; safetensors count before pickles.
  func open(variant: String?) throws(FileError) -> (files: [any TensorFile], path: String) {
    if let name = choose(variant: variant) {
      let path = files.path(ModelFiles.join(folder, name))
      guard name.contains(".index.") else { return ([try file(name)], path) }
      return (try shards(of: name), path)
    }
    throw missing(variant: variant)
  }

  private func file(_ name: String) throws(FileError) -> any TensorFile {
    try openTensors(files.open(ModelFiles.join(folder, name)))
  }

  private func shards(of index: String) throws(FileError) -> [any TensorFile] {
    let name = ModelFiles.join(folder, index)
    let document = try files.open(name)
    defer { withExtendedLifetime(document) {} }
    let shards = try SafetensorsIndex(parsing: document.bytes, path: files.path(name)).shards
    var opened: [String: any TensorFile] = [:]
    for shard in Set(shards.values).sorted() {
      guard names.contains(shard) else { throw FileError(files.path(name), "shard '\(shard)' is not beside it") }
      opened[shard] = try file(shard)
    }
    if let lost = shards.sorted(by: { $0.key < $1.key }).first(where: { opened[$1]?.entries[$0] == nil }) {
      throw FileError(files.path(name), "tensor '\(lost.key)' is not in shard '\(lost.value)'")
    }
    return opened.sorted { $0.key < $1.key }.map(\.value)
  }

  /// The forms of files, the preferred first.
  private static let forms = ["safetensors", "bin"]

  private func choose(variant: String?) -> String? {
    func candidates(_ variant: String) -> [String] {
      Self.forms.flatMap { form in
        [
          "\(Self.stem).\(form).index.\(variant).json", "\(Self.stem).\(variant).\(form).index.json",
          "\(Self.stem).\(variant).\(form)",
        ]
      }
    }
    if let variant { return candidates(variant).first(where: names.contains) }
    let plain = Self.forms.flatMap { ["\(Self.stem).\($0).index.json", "\(Self.stem).\($0)"] }
    if let name = plain.first(where: names.contains) { return name }
    let variants = self.variants
    if variants.count == 1 { return candidates(variants[0]).first(where: names.contains) }
    // A name of one's own, as long as there is no doubt.
    let others = [[".safetensors"], [".bin", ".pt", ".pth"]].map { endings in
      names.filter { name in endings.contains(where: name.hasSuffix) }
    }
    let named = others.first { !$0.isEmpty } ?? []
    return variants.isEmpty && named.count == 1 ? named[0] : nil
  }

  /// The variants that are there, such as `fp16`.
  private var variants: [String] {
    let found = names.compactMap { name -> String? in
      let parts = name.split(separator: ".").map(String.init)
      guard name.hasPrefix(Self.stem + "."), let form = parts.last, (Self.forms + ["json"]).contains(form) else {
        return nil
      }
      // A shard of a variant is called fp16-00001-of-00002.
      return parts.dropFirst().map { $0.contains("-of-") ? String($0.prefix { $0 != "-" }) : $0 }
        .first { !(Self.forms + ["index", "json"]).contains($0) }
    }
    return Set(found).sorted()
  }

  private func missing(variant: String?) -> FileError {
    let path = files.path(folder)
    if let variant, choose(variant: nil) != nil {
      let there = variants.isEmpty ? "full precision" : variants.joined(separator: ", ")
      return FileError(path, "has no weights of variant '\(variant)'; there is \(there)")
    }
    if variants.count > 1 {
      return FileError(path, "has weights of the variants \(variants.joined(separator: ", ")); name one")
    }
    return FileError(path, "has no weights; \(Self.stem).safetensors, \(Self.stem).bin or an index of shards is needed")
  }
}
