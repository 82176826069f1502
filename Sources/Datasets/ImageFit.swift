import Files
import Tensors

/// Brings images to one size and colour, as Pillow does it: `convert`, a centre crop to a square, `resize(..., Image.BOX)`.
///
/// Grey is `(19595 R + 38470 G + 7471 B) / 65536` (ITU-R BT.601); RGB repeats grey. Images all of whose values are bytes stay so:
/// each stage rounds, to Pillow's values. Others are not rounded.
struct ImageFit {
  /// The height and width, or nil to leave them.
  let side: Int?
  /// The colour, or nil to leave it.
  let color: ImageReading.Color?

  /// What a reading asks for.
  init(_ reading: ImageReading) {
    side = reading.resize
    color = reading.color
  }

  /// Whether nothing is asked for.
  var isIdentity: Bool { side == nil && color == nil }

  /// The extents that an image is brought to.
  ///
  /// - Throws: ``ImageReadingError`` if the image is too small, or of another number of channels than grey and RGB have.
  func shape(of shape: ImageShape, path: String) throws(ImageReadingError) -> ImageShape {
    var channels = shape.channels
    if let color {
      guard [1, 3].contains(channels) else {
        throw ImageReadingError(path, .color, "has \(channels) channels; 1 (grey) and 3 (RGB) are converted")
      }
      channels = color == .gray ? 1 : 3
    }
    guard let side else { return ImageShape(channels: channels, size: shape.size) }
    guard 1...65_536 ~= side else {
      throw ImageReadingError(path, .resize, "cannot be resized to \(side) pixels; 1 to 65,536 are possible")
    }
    guard side <= min(shape.height, shape.width) else {
      throw ImageReadingError(
        path, .resize, "is of \(shape.height)x\(shape.width) pixels; it would have to be enlarged to \(side)x\(side)")
    }
    return ImageShape(channels: channels, height: side, width: side)
  }

  /// An image that fits, from values in [-1, 1], `[channels, height, width]`, whose ``shape(of:path:)`` has been asked for.
  func fitted(_ values: [Float], _ shape: ImageShape) -> [Float] {
    if isIdentity { return values }
    var levels: [Float] = []
    levels.reserveCapacity(values.count)
    for value in values {
      guard let byte = imageByte(value) else { return converted(values, shape, rounds: false) }
      levels.append(Float(byte))
    }
    return converted(levels, shape, rounds: true).map { $0 / 127.5 - 1 }
  }

  private func converted(_ values: [Float], _ shape: ImageShape, rounds: Bool) -> [Float] {
    var values = values, shape = shape
    if color == .gray, shape.channels == 3 {
      values = gray(values, rounds)
      shape = ImageShape(channels: 1, size: shape.size)
    }
    if let side { values = resized(values, shape, side, rounds) }
    return color == .rgb && shape.channels == 1 ? values + values + values : values
  }

  private func gray(_ values: [Float], _ rounds: Bool) -> [Float] {
    let area = values.count / 3
    return values.withUnsafeBufferPointer { values in
      [Float](unsafeUninitializedCapacity: area) { gray, count in
        for place in 0..<area {
          let (r, g, b) = (values[place], values[area + place], values[2 * area + place])
          let sum = 19595 * Double(r) + 38470 * Double(g) + 7471 * Double(b)
          gray[place] = rounds ? Float(((sum + 32768) / 65536).rounded(.down)) : Float(sum / 65536)
        }
        count = area
      }
    }
  }

  private func resized(_ values: [Float], _ shape: ImageShape, _ side: Int, _ rounds: Bool) -> [Float] {
    let square = min(shape.height, shape.width)
    let (top, left) = ((shape.height - square) / 2, (shape.width - square) / 2)
    let filter = BoxFilter(from: square, to: side, rounds: rounds)
    var result: [Float] = []
    result.reserveCapacity(shape.channels * side * side)
    values.withUnsafeBufferPointer { values in
      for channel in 0..<shape.channels {
        let first = channel * shape.height * shape.width + top * shape.width + left
        // Along the rows, then along the columns.
        let rows = filter.apply(
          lines: square, start: { first + $0 * shape.width }, step: 1, values)
        rows.withUnsafeBufferPointer { rows in
          let columns = filter.apply(lines: side, start: { $0 }, step: side, rows)
          for y in 0..<side { for x in 0..<side { result.append(columns[x * side + y]) } }
        }
      }
    }
    return result
  }
}

/// The weights of Pillow's `BOX` filter along one axis: each pixel is the mean of those whose centres its interval covers.
private struct BoxFilter {
  private let windows: [(first: Int, count: Int)]
  private let rounds: Bool

  /// A filter that makes `count` values of `length`.
  init(from length: Int, to count: Int, rounds: Bool) {
    let scale = Double(length) / Double(count), support = scale / 2
    windows = (0..<count).map { place in
      let center = (Double(place) + 0.5) * scale
      let begin = max(0, Int(center - support + 0.5)), end = min(length, Int(center + support + 0.5))
      // A centre that lies on the lower border belongs to the interval before.
      let covered = (begin..<end).filter { place in
        let distance = (Double(place) - center + 0.5) * (1 / scale)
        return distance > -0.5 && distance <= 0.5
      }
      return (covered.first ?? begin, covered.count)
    }
    self.rounds = rounds
  }

  /// The filtered lines, one after the other.
  func apply(
    lines: Int, start: (Int) -> Int, step: Int, _ values: UnsafeBufferPointer<Float>
  ) -> [Float] {
    [Float](unsafeUninitializedCapacity: lines * windows.count) { result, count in
      for line in 0..<lines {
        let start = start(line)
        for window in windows {
          var sum = 0.0
          for place in window.first..<window.first + window.count { sum += Double(values[start + place * step]) }
          result[count] = rounds ? rounded(sum, of: window.count) : Float(sum / Double(window.count))
          count += 1
        }
      }
    }
  }

  /// The mean as Pillow rounds it, which has weights of 22 bits behind the point.
  private func rounded(_ sum: Double, of count: Int) -> Float {
    let weight = (4_194_304 / Double(count) + 0.5).rounded(.down)
    return Float(((sum * weight + 2_097_152) / 4_194_304).rounded(.down))
  }
}
