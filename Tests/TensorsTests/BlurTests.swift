import Compute
import Conformance
import Tensors
import Testing

@Suite("Blur")
struct BlurTests {
  private let backend = ReferenceBackend()

  private func values(_ features: FeatureMaps) throws -> [Float] { try features.tensor().values() }

  /// A line of pixels in each direction by itself: the filter is separable.
  private func image(_ line: [Float], isColumn: Bool, watchedBy tape: Tape? = nil) -> FeatureMaps {
    let shape = isColumn ? [1, 1, line.count, 1] : [1, 1, 1, line.count]
    return Tensor(line, shape: shape, on: backend).featureMaps(watchedBy: tape)
  }

  @Test("With resampling by two it is the filter 1, 3, 3, 1, zero outside", arguments: [3, 4, 7])
  func resampling(size: Int) throws {
    let pixels = (0..<size * size).map { Float(($0 * 7 + 3) % 11) - 4 }
    let x = Tensor(pixels, shape: [1, 1, size, size], on: backend).featureMaps()
    func at(_ values: [Float], _ width: Int, _ row: Int, _ column: Int) -> Float {
      (0..<width).contains(row) && (0..<width).contains(column) ? values[row * width + column] : 0
    }
    // Up: zeros are put between the pixels, and the filter's sum is two in each direction.
    let up = try values(x.upsampled().blurred()), weights: [Float] = [0.25, 0.75, 0.75, 0.25]
    for row in 0..<2 * size {
      for column in 0..<2 * size {
        var sum: Float = 0
        for r in 0..<4 {
          for s in 0..<4 {
            let (y, x) = (row + r - 2, column + s - 2)
            guard y >= 0, x >= 0, y.isMultiple(of: 2), x.isMultiple(of: 2) else { continue }
            sum += weights[r] * weights[s] * at(pixels, size, y / 2, x / 2)
          }
        }
        #expect(abs(up[row * 2 * size + column] - sum) < 1e-5, "row \(row), column \(column)")
      }
    }
    // Down: its sum is one.
    let down = try values(x.blurred().downsampled()), half = size / 2
    for row in 0..<half {
      for column in 0..<half {
        var sum: Float = 0
        for r in 0..<4 {
          for s in 0..<4 {
            sum += weights[r] * weights[s] / 4 * at(pixels, size, 2 * row + r - 1, 2 * column + s - 1)
          }
        }
        #expect(abs(down[row * half + column] - sum) < 1e-5, "row \(row), column \(column)")
      }
    }
  }

  @Test("A convolution of the whole blur, halved, is one with stride two of the image filtered by 1, 3, 3, 1")
  func whole() throws {
    let size = 6, pixels = (0..<size * size).map { Float(($0 * 7 + 3) % 11) - 4 }
    let weights = (0..<9).map { Float(($0 * 5 + 1) % 7) - 3 }, taps: [Float] = [0.125, 0.375, 0.375, 0.125]
    let x = Tensor(pixels, shape: [1, 1, size, size], on: backend).featureMaps()
    let own = try values(
      x.blurred(growing: true).convolved(
        with: Parameter(shape: [1, 1, 3, 3], values: weights),
        ConvolutionShape(inputChannels: 1, outputChannels: 1, kernel: 3)
      ).downsampled())
    func pixel(_ row: Int, _ column: Int) -> Float {
      (0..<size).contains(row) && (0..<size).contains(column) ? pixels[row * size + column] : 0
    }
    for row in 0..<size / 2 {
      for column in 0..<size / 2 {
        var sum: Float = 0
        for tap in 0..<9 {
          for r in 0..<4 {
            for s in 0..<4 {
              let value = pixel(2 * row + tap / 3 + r - 2, 2 * column + tap % 3 + s - 2)
              sum += weights[tap] * taps[r] * taps[s] * value
            }
          }
        }
        #expect(abs(own[row * size / 2 + column] - sum) < 1e-5, "row \(row), column \(column)")
      }
    }
  }

  @Test("The larger and the smaller blur are each other's gradients")
  func margins() throws {
    let inner = FeatureMapShape(batch: 1, channels: 2, height: 3, width: 4)
    let outer = FeatureMapShape(batch: 1, channels: 2, height: 5, width: 6)
    func map(_ shape: FeatureMapShape, _ factor: Int) -> FeatureMap {
      let result = backend.makeFeatureMap(shape)
      backend.setExactValues((0..<shape.count).map { Double(($0 * factor + 2) % 13) - 6 }, of: result)
      return result
    }
    let x = map(inner, 5), y = map(outer, 7), grown = backend.makeFeatureMap(outer),
      shrunk = backend.makeFeatureMap(inner)
    backend.blur(x, into: grown)
    backend.blur(y, into: shrunk)
    func product(_ one: FeatureMap, _ other: FeatureMap) -> Double {
      zip(backend.exactValues(of: one), backend.exactValues(of: other)).reduce(0) { $0 + $1.0 * $1.1 }
    }
    #expect(abs(product(grown, y) - product(x, shrunk)) < 1e-12 * abs(product(grown, y)) + 1e-12)
    #expect(product(grown, y) != 0)
  }

  @Test("It is its own gradient", arguments: [false, true])
  func gradient(isColumn: Bool) throws {
    let tape = Tape(on: backend), filter = Parameter(shape: [1, 1, 1, 1], values: [1])
    // The filter's gradient is the product of the result's gradient and what went in: that of a line of one pixel each.
    let line: [Float] = [1, 2, 4, 8], gradient: [Float] = [1, 0, -1, 3]
    let watched = image(line, isColumn: isColumn, watchedBy: tape)
      .convolved(with: filter, .init(inputChannels: 1, outputChannels: 1, kernel: 1))
    let result = watched.blurred()
    tape.backward(
      from: result,
      gradient: Tensor(gradient, shape: isColumn ? [1, 1, 4, 1] : [1, 1, 1, 4], on: backend))
    let change = try #require(tape.gradients.buffer(of: filter))
    let blurred = try values(image(gradient, isColumn: isColumn).blurred())
    #expect(try backend.read(change) == [zip(line, blurred).map(*).reduce(0, +)])
  }
}
