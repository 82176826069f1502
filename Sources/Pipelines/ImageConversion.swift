import Datasets
public import Files
public import Tensors

/// Images of a model as pictures.
public enum ImageConversion {
  /// Values in [-1, 1] as bytes: `round(255 * clamp(x / 2 + 1/2, 0, 1))`, half to even, as diffusers does.
  public static func bytes(_ values: some Sequence<Float>) -> [UInt8] {
    values.map(pictureByte)
  }

  /// The values in [-1, 1] of bytes.
  public static func values(_ bytes: some Sequence<UInt8>) -> [Float] { bytes.map { Float($0) / 127.5 - 1 } }

  /// The extents of the picture of one image: its own for 1 and 3 channels, its planes side by side in grey for others.
  ///
  /// A network of any number of channels can so be looked at; what the planes mean is the network's business.
  public static func pictureShape(_ shape: ImageShape) -> ImageShape {
    isPicture(shape)
      ? shape : ImageShape(channels: 1, height: shape.height, width: shape.channels * shape.width)
  }

  private static func isPicture(_ shape: ImageShape) -> Bool { shape.channels == 1 || shape.channels == 3 }

  /// Planar images as the bytes of pictures of ``pictureShape(_:)``, one after the other.
  public static func pictureBytes(_ values: [Float], _ shape: ImageShape) -> [UInt8] {
    guard !isPicture(shape) else { return interleaved(values, shape) }
    let planar = bytes(values), plane = shape.height * shape.width
    var result: [UInt8] = []
    result.reserveCapacity(planar.count)
    for start in stride(from: 0, to: planar.count, by: shape.count) {
      for row in 0..<shape.height {
        for channel in 0..<shape.channels {
          let left = start + channel * plane + row * shape.width
          result += planar[left..<left + shape.width]
        }
      }
    }
    return result
  }

  /// Planar images as bytes that interleave their channels, `[count, height, width, channels]`.
  public static func interleaved(_ values: [Float], _ shape: ImageShape) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(values.count)
    append(values, shape, to: &result)
    return result
  }

  /// Appends planar images to bytes that interleave their channels; see ``interleaved(_:_:)``.
  public static func append(_ values: [Float], _ shape: ImageShape, to result: inout [UInt8]) {
    let plane = shape.height * shape.width, planar = bytes(values)
    guard shape.channels > 1 else {
      result += planar
      return
    }
    for start in stride(from: 0, to: planar.count, by: shape.count) {
      for pixel in 0..<plane {
        for channel in 0..<shape.channels { result.append(planar[start + channel * plane + pixel]) }
      }
    }
  }

  /// One image of the bytes of a picture of 1 or 3 channels.
  public static func picture(_ bytes: [UInt8], _ shape: ImageShape) -> PNGImage {
    PNGImage(width: shape.width, height: shape.height, channels: shape.channels, pixels: bytes)
  }

  /// Images of interleaved bytes side by side, rows from the top, with gaps of two black pixels.
  ///
  /// - Parameters:
  ///   - bytes: `[count, height, width, channels]`.
  ///   - shape: One picture's extents, of 1 or 3 channels; see ``pictureShape(_:)``.
  ///   - columns: Images in a row; nil for the smallest square that holds all.
  ///   - zoom: How often each pixel is repeated in both directions.
  public static func grid(_ bytes: [UInt8], _ shape: ImageShape, columns: Int? = nil, zoom: Int = 1) -> PNGImage {
    let count = bytes.count / shape.count
    let columns = columns ?? Int(Double(count).squareRoot().rounded(.up))
    let rows = (count + columns - 1) / columns
    let gap = 2
    let (cellWidth, cellHeight) = (shape.width * zoom + gap, shape.height * zoom + gap)
    let (width, height) = (columns * cellWidth - gap, rows * cellHeight - gap)
    var pixels = [UInt8](repeating: 0, count: width * height * shape.channels)
    for image in 0..<count {
      let (left, top) = (image % columns * cellWidth, image / columns * cellHeight)
      for y in 0..<shape.height * zoom {
        for x in 0..<shape.width * zoom {
          let source = (image * shape.height + y / zoom) * shape.width + x / zoom
          let target = (top + y) * width + left + x
          for channel in 0..<shape.channels {
            pixels[target * shape.channels + channel] = bytes[source * shape.channels + channel]
          }
        }
      }
    }
    return PNGImage(width: width, height: height, channels: shape.channels, pixels: pixels)
  }

  /// The most columns or rows of a PNG file that is written, which is libpng's own limit.
  private static let largestExtent = 1_000_000
  /// The most pixels of a picture of many images.
  private static let largestGrid = 1 << 30

  /// Finds out before any work is done whether images fit one picture.
  ///
  /// - Throws: `FileError` if the picture of ``grid(_:_:columns:zoom:)`` would have more than a million columns or rows, or
  ///   2^30 pixels.
  public static func checkGrid(_ count: Int, _ shape: ImageShape, zoom: Int, path: String) throws(FileError) {
    let picture = pictureShape(shape), columns = Double(count).squareRoot().rounded(.up)
    let width = columns * Double(picture.width * zoom + 2)
    let height = (Double(count) / columns).rounded(.up) * Double(picture.height * zoom + 2)
    guard max(width, height) <= Double(largestExtent), width * height <= Double(largestGrid) else {
      throw FileError(
        path,
        "\(count) images of \(shape) at a zoom of \(zoom) are too large for one picture; write to a folder or a "
          + ".npz file")
    }
  }

  /// Writes images of a model as one picture; see ``grid(_:_:columns:zoom:)``.
  ///
  /// - Parameters:
  ///   - values: `[count, channels, height, width]`, in [-1, 1], of any number of channels.
  ///   - shape: One image's extents.
  ///   - zoom: How often each pixel is repeated in both directions.
  ///   - path: The PNG file.
  public static func writeGrid(_ values: [Float], _ shape: ImageShape, zoom: Int = 1, to path: String) throws {
    let picture = grid(pictureBytes(values, shape), pictureShape(shape), zoom: zoom)
    try OutputFile.write(picture.encoded(), to: path)
  }
}
