/// Tensors of a file under other names, and in other shapes and orders; nothing is copied.
public struct RenamedTensors: TensorFile {
  /// A tensor under its new name.
  public typealias Tensor = (name: String, entry: TensorEntry, origin: String)

  /// The tensors by their new names.
  public let entries: [String: TensorEntry]
  private let base: any TensorFile
  private let origins: [String: String]

  /// Tensors of a file.
  ///
  /// - Parameters:
  ///   - base: The file.
  ///   - tensors: Tensors of the file or views of them, with names that differ, and what the file calls them.
  public init(_ base: any TensorFile, _ tensors: [Tensor]) {
    self.base = base
    entries = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.entry) })
    origins = Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.origin) })
  }

  /// The file.
  public var file: MappedFile { base.file }

  /// The bytes of the file's own tensor.
  public func source(of entry: TensorEntry) -> MappedFile { base.source(of: entry) }

  /// What the file calls a tensor.
  public func name(of tensor: String) -> String { origins[tensor] ?? tensor }
}

extension TensorEntry {
  /// The distances of neighbours along each extent in elements, also where they are those of row-major order.
  public var steps: [Int] {
    strides ?? shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
  }

  /// Elements of this tensor in another shape and order; they stay where they are in the file.
  ///
  /// - Parameters:
  ///   - shape: The extents of the result.
  ///   - walk: How its elements are met, the outermost extent first: how many there are and how many elements of the file one is from
  ///     the next; as many in all as the shape has.
  ///   - offset: Elements of the file before the first.
  public func view(_ shape: [Int], walking walk: [(count: Int, step: Int)], from offset: Int = 0) -> TensorEntry {
    precondition(walk.allSatisfy { $0.count > 0 && $0.step >= 0 } && offset >= 0, "a view goes forward")
    precondition(shape.reduce(1, *) == walk.reduce(1) { $0 * $1.count }, "\(walk) does not make \(shape)")
    let last = walk.reduce(offset) { $0 + ($1.count - 1) * $1.step }, size = type.byteCount
    let start = range.lowerBound + offset * size, end = range.lowerBound + (last + 1) * size
    precondition(end <= range.upperBound, "a view lies in its tensor")
    return TensorEntry(
      type: type, shape: shape, range: start..<end, strides: walk.map(\.step), extents: walk.map(\.count),
      isBigEndian: isBigEndian, source: source)
  }
}
