public import Files
public import Tensors

/// Images of a NumPy array, `[count, channels, height, width]`, `[count, height, width, channels]`, or grey
/// `[count, height, width]`.
///
/// Bytes and other whole numbers go from 0 to 255, floating-point values from -1 to 1, booleans are black and white, unless the
/// reading says otherwise. The order of the extents follows from the channels: 1, 3 or what a model takes.
public final class ArraySource: ImageSource {
  /// The file.
  public let path: String
  /// Extents from the array's shape.
  public let shape: ImageShape
  /// The first extent of the array.
  public let count: Int
  private let values: NumpyArray.Values
  private let scale: ArrayScale
  private let layout: ImageReading.Layout
  private let labelling: ArrayLabelling?
  private var position = 0

  /// Opens a `.npy` file, or an array of a `.npz` file.
  ///
  /// - Parameters:
  ///   - path: The file.
  ///   - reading: How it is read; without a name the first array of an archive.
  ///   - channels: The channels that a model takes, or nil.
  ///   - clamps: Whether floating-point values beyond their range are clamped.
  ///   - note: Told what the user should know.
  /// - Throws: ``ImageReadingError`` if layout or range must be said, `FileError` if there are no images.
  public init(
    _ path: String, _ reading: ImageReading = .init(), channels: Int? = nil, clamps: Bool = false,
    note: (String) -> Void = { _ in }
  ) throws {
    self.path = path
    let isArchive = path.lowercased().hasSuffix(".npz")
    for (name, option) in [(reading.array, ImageReadingError.Option.array), (reading.labelsArray, .labelsArray)]
    where name != nil && !isArchive {
      throw ImageReadingError(path, option, "is one array, without names; leave it out")
    }
    let name = isArchive ? try imageArray(reading.array, in: path) : nil
    let array = isArchive ? try NumpyArchive.array(name, in: path) : try NumpyArray(contentsOf: path)
    guard (3...4).contains(array.shape.count), array.count > 0 else {
      throw FileError(path, "holds an array of shape \(array.shape), not images of three or four extents")
    }
    count = array.shape[0]
    (shape, layout) = try arrayShape(array.shape, reading.layout, channels, path)
    scale = try ArrayScale(array, reading.range, clamps: clamps, path: path, note)
    values = array.values
    labelling = try name.flatMap { name in try ArrayLabelling(reading.labelsArray, images: name, in: path) }
  }

  /// The next images.
  public func next(_ count: Int) throws(FileError) -> [Float] {
    let end = min(position + count, self.count)
    defer { position = end }
    let range = position * shape.count..<end * shape.count
    return switch values {
    case .floats(let values): images(values[range], scale.modelValue)
    case .bytes(let values): images(values[range]) { scale.modelValue(Float($0)) }
    case .integers(let values): images(values[range]) { scale.modelValue(Float($0)) }
    }
  }

  private func images<Sample>(_ samples: ArraySlice<Sample>, _ value: (Sample) -> Float) -> [Float] {
    guard layout == .channelsLast, shape.channels > 1 else { return samples.map(value) }
    return stride(from: samples.startIndex, to: samples.endIndex, by: shape.count).flatMap { start in
      planar(samples[start..<start + shape.count], shape, value)
    }
  }

  /// The labels of the archive, `[count]` or `[count, 1]`: those that the reading names, or those that go with the images by name.
  ///
  /// - Throws: `FileError` if the array that is named does not hold a label for each image.
  public func labels() throws(FileError) -> [Int]? {
    guard let labelling else { return nil }
    let array = try NumpyArchive.array(labelling.name, in: path)
    guard let labels = array.integers, labels.count == count, labels.allSatisfy({ (0...65_535).contains($0) }) else {
      guard labelling.isNamed else { return nil }
      throw FileError(path, "'\(labelling.name)' must hold \(count) labels, whole numbers from 0 to 65535")
    }
    return labels
  }
}

/// The extents of an array's images, and the order in which they stand.
private func arrayShape(
  _ extents: [Int], _ layout: ImageReading.Layout?, _ channels: Int?, _ path: String
) throws -> (ImageShape, ImageReading.Layout) {
  if extents.count == 3 { return (ImageShape(channels: 1, height: extents[1], width: extents[2]), .channelsFirst) }
  let first = ImageShape(channels: extents[1], height: extents[2], width: extents[3])
  let last = ImageShape(channels: extents[3], height: extents[1], width: extents[2])
  if let layout { return layout == .channelsFirst ? (first, layout) : (last, layout) }
  if first == last, first.count == 1 { return (first, .channelsFirst) }
  for possible in [channels.map { [$0] }, [1, 3]].compactMap({ $0 }) {
    switch (possible.contains(first.channels), possible.contains(last.channels)) {
    case (true, false): return (first, .channelsFirst)
    case (false, true): return (last, .channelsLast)
    case (true, true):
      throw ImageReadingError(path, .layout, "shape \(extents) may be images of \(first) or of \(last)")
    case (false, false): continue
    }
  }
  throw ImageReadingError(path, .layout, "shape \(extents) is of images with neither 1 nor 3 channels in either order")
}
