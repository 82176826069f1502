import Files

/// The tensors of a checkpoint on their way to diffusers' names; each is taken once.
struct TensorNames {
  let file: any TensorFile
  let family: Checkpoint.Family
  private var renamed: [RenamedTensors.Tensor] = []
  private var left: Set<String>

  init(_ file: any TensorFile, _ family: Checkpoint.Family) {
    self.file = file
    self.family = family
    left = Set(file.entries.keys)
  }

  func has(_ name: String) -> Bool { file.entries[name] != nil }

  func fault(_ text: String) -> FileError { FileError(file.path, "is no network of \(family.name): \(text)") }

  /// The extents of a tensor that must be there.
  func shape(_ name: String, rank: Int) throws(FileError) -> [Int] {
    let shape = try entry(name).shape
    guard shape.count == rank else { throw fault("tensor '\(name)' has shape \(shape); \(rank) extents are needed") }
    return shape
  }

  private func entry(_ name: String) throws(FileError) -> TensorEntry {
    guard let entry = file.entries[name] else { throw fault("tensor '\(name)' is missing") }
    return entry
  }

  private mutating func take(_ name: String) throws(FileError) -> TensorEntry {
    let entry = try entry(name)
    left.remove(name)
    return entry
  }

  /// Leaves out a tensor that has no place in the network.
  mutating func drop(_ name: String) { left.remove(name) }

  /// Gives a tensor a name.
  mutating func move(tensor name: String, to target: String) throws(FileError) {
    renamed.append((target, try take(name), name))
  }

  /// Gives the weight and bias of a layer a name.
  mutating func move(_ layer: String, to target: String) throws(FileError) {
    try move(tensor: "\(layer).weight", to: "\(target).weight")
    try move(tensor: "\(layer).bias", to: "\(target).bias")
  }

  /// Gives the layers of a scope names.
  mutating func move(_ scope: String, to target: String, _ layers: [(String, String)]) throws(FileError) {
    for (layer, name) in layers { try move("\(scope).\(layer)", to: "\(target).\(name)") }
  }

  /// Gives a matrix a name and turns its rows into columns.
  mutating func moveTransposed(tensor name: String, to target: String) throws(FileError) {
    let shape = try shape(name, rank: 2), entry = try take(name), steps = entry.steps
    let transposed = entry.view([shape[1], shape[0]], walking: [(shape[1], steps[1]), (shape[0], steps[0])])
    renamed.append((target, transposed, name))
  }

  /// Gives a matrix `[inputs, outputs]`, and the bias beside it, the names of a linear layer; of a convolution where it is one.
  mutating func moveTransposed(_ layer: String, to target: String, asConvolution: Bool = false) throws(FileError) {
    let name = "\(layer).W", shape = try shape(name, rank: 2), entry = try take(name), steps = entry.steps
    let transposed = entry.view(
      [shape[1], shape[0]] + (asConvolution ? [1, 1] : []), walking: [(shape[1], steps[1]), (shape[0], steps[0])])
    renamed.append(("\(target).weight", transposed, name))
    try move(tensor: "\(layer).b", to: "\(target).bias")
  }

  /// How the rows of a joint projection to queries, keys and values follow each other.
  enum ProjectionOrder {
    /// All queries, all keys, all values.
    case parts
    /// For each head its queries, keys and values.
    case heads(width: Int)
    /// For each channel its query, key and value.
    case channels
  }

  /// Splits a joint projection into those to queries, keys and values.
  mutating func split(_ layer: String, to target: String, _ order: ProjectionOrder) throws(FileError) {
    let targets = ["to_q", "to_k", "to_v"]
    for part in ["weight", "bias"] {
      let name = "\(layer).\(part)", entry = try take(name), steps = entry.steps
      let columns = part == "weight" ? entry.shape.dropFirst().first ?? 0 : 1
      let rows = (entry.shape.first ?? 0) / 3
      let width = if case .heads(let width) = order { width } else { 1 }
      guard entry.count == 3 * rows * columns, entry.count > 0, rows % width == 0 else {
        throw fault("tensor '\(name)' has shape \(entry.shape), which is no projection to queries, keys and values")
      }
      for (index, projection) in targets.enumerated() {
        let row = steps[0], column = part == "weight" ? [(columns, steps[1])] : []
        let shape = part == "weight" ? [rows, columns] : [rows]
        let view =
          switch order {
          case .parts: entry.view(shape, walking: [(rows, row)] + column, from: index * rows * row)
          case .channels: entry.view(shape, walking: [(rows, 3 * row)] + column, from: index * row)
          case .heads(let width):
            entry.view(
              shape, walking: [(rows / width, 3 * width * row), (width, row)] + column, from: index * width * row)
          }
        renamed.append(("\(target).\(projection).\(part)", view, name))
      }
    }
  }

  /// The tensors by their new names.
  ///
  /// - Throws: `FileError` if one has none.
  func result() throws(FileError) -> RenamedTensors {
    if let name = left.min() { throw fault("tensor '\(name)' has no place in it") }
    return RenamedTensors(file, renamed)
  }
}
