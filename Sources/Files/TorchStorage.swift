/// Numbers of one type in a row, which tensors are views of.
final class TorchStorage {
  /// The type of its elements.
  let type: SafetensorsType
  /// How many there are.
  let count: Int
  /// Which of the graph's sources holds them.
  let source: Int
  /// Whether the highest byte of a number comes first.
  let isBigEndian: Bool
  /// Its bytes in the source; nil while a legacy file has not yet come to them.
  var range: Range<Int>?

  init(_ type: SafetensorsType, count: Int, source: Int = 0, isBigEndian: Bool = false, range: Range<Int>? = nil) {
    self.type = type
    self.count = count
    self.source = source
    self.isBigEndian = isBigEndian
    self.range = range
  }

  /// Bytes in all; the count has been checked.
  var byteCount: Int { count * type.byteCount }
}

/// A view of a storage: element `(i, j, ...)` stands at `offset + i * strides[0] + j * strides[1] + ...`.
final class TorchTensor {
  let storage: TorchStorage
  let offset: Int
  let shape: [Int]
  let strides: [Int]
  /// Whether training changes it.
  let requiresGradient: Bool
  /// Whether it is a `Parameter`, not a buffer.
  let isParameter: Bool

  init(
    _ storage: TorchStorage, offset: Int, shape: [Int], strides: [Int], requiresGradient: Bool, isParameter: Bool
  ) {
    self.storage = storage
    self.offset = offset
    self.shape = shape
    self.strides = strides
    self.requiresGradient = requiresGradient
    self.isParameter = isParameter
  }

  /// What is wrong with a view, or nil if all of its elements lie in the storage, and take no more bytes than the file has.
  static func fault(
    in storage: TorchStorage, offset: Int, shape: [Int], strides: [Int], largest byteLimit: Int
  ) -> String? {
    guard shape.count == strides.count else { return "has \(shape.count) extents and \(strides.count) strides" }
    guard shape.count <= 8 else { return "has \(shape.count) extents; at most 8 are read" }
    guard offset >= 0, shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }) else {
      return "has a negative offset, extent or stride"
    }
    var (last, count) = (offset, 1)
    for extent in shape {
      let (product, isTooMany) = count.multipliedReportingOverflow(by: extent)
      guard !isTooMany else { return "of shape \(shape) is larger than any file" }
      count = product
    }
    guard count > 0 else { return offset <= storage.count ? nil : "begins after the end of its storage" }
    for (extent, stride) in zip(shape, strides) {
      let (step, isTooFar) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, isTooLarge) = last.addingReportingOverflow(step)
      guard !isTooFar, !isTooLarge else { return "of shape \(shape) and strides \(strides) is larger than any file" }
      last = sum
    }
    guard last < storage.count else {
      return "of shape \(shape) and strides \(strides) ends at element \(last) of a storage of \(storage.count)"
    }
    // A stride of zero makes many elements of one.
    guard count <= max(storage.count, byteLimit / storage.type.byteCount) else {
      return "of shape \(shape) makes \(count) elements of a storage of \(storage.count)"
    }
    return nil
  }

  /// Its place as files of tensors have it, or nil if its storage has none.
  var entry: TensorEntry? {
    guard let range = storage.range else { return nil }
    // The stride of an extent of one says nothing, and may be anything.
    let strides = zip(shape, self.strides).map { $0 == 1 ? 0 : $1 }
    let last = isEmpty ? offset - 1 : zip(shape, strides).reduce(offset) { $0 + ($1.0 - 1) * $1.1 }
    let start = range.lowerBound, size = storage.type.byteCount
    return TensorEntry(
      type: storage.type, shape: shape, range: start + offset * size..<start + (last + 1) * size,
      strides: isInOrder ? nil : strides, isBigEndian: storage.isBigEndian, source: storage.source)
  }

  private var isEmpty: Bool { shape.contains(0) }

  /// Whether the elements follow each other in row-major order.
  private var isInOrder: Bool {
    guard !isEmpty else { return true }
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
      guard stride == expected else { return false }
      expected *= extent
    }
    return true
  }
}
