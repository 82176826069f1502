import Files
import Pipelines
import Tensors
import Testing

@Suite("Pictures of images of any number of channels")
struct PictureTests {
  @Test("One and three channels are as they are, others are grey planes side by side", arguments: 1...6)
  func channels(count: Int) {
    let shape = ImageShape(channels: count, height: 2, width: 3), images = 3
    // Each value tells its image, channel, row and column.
    let values = (0..<images * shape.count).map { Float($0) / 100 * 2 - 1 }
    let picture = ImageConversion.pictureShape(shape), bytes = ImageConversion.pictureBytes(values, shape)
    #expect(picture.channels == (count == 3 ? 3 : 1) && bytes.count == images * picture.count)
    for image in 0..<images {
      for channel in 0..<count {
        for row in 0..<2 {
          for column in 0..<3 {
            let source = ((image * count + channel) * 2 + row) * 3 + column
            let place =
              count == 3
              ? (row * 3 + column) * 3 + channel : row * picture.width + channel * 3 + column
            #expect(bytes[image * picture.count + place] == ImageConversion.bytes([values[source]])[0])
          }
        }
      }
    }
    let grid = ImageConversion.grid(bytes, picture, columns: 2)
    #expect(grid.width == 2 * picture.width + 2 && grid.height == 6)
    #expect(
      Array(grid.pixels[..<(picture.width * picture.channels)]) == Array(bytes[..<(picture.width * picture.channels)]))
  }
}
