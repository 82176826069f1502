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
