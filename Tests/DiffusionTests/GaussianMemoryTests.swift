import Compute
import ComputeCPU
import Diffusion
import Tensors
import Testing

@Suite("Memory of Gaussian statistics")
struct GaussianMemoryTests {
  /// Rows of Walsh's functions over their norm, which is a power of two: an orthonormal basis without rounding.
  private static let (directions, dimension) = (256, 4096)
  private static let basis = (0..<directions).flatMap { row in
    (0..<dimension).map { (row & $0).nonzeroBitCount.isMultiple(of: 2) ? Float(0x1p-6) : -0x1p-6 }
  }
  private let mean = (0..<dimension).map { Float($0 % 17) * 0.0625 - 0.5 }
  private let eigenvalues = (0..<directions).map { 9 / Double($0 + 1) }
  private let level = NoiseLevel.angle(0.8)

  /// The regression of the clean data on a state, in Double.
  private func expected(_ x: ArraySlice<Float>) -> [Double] {
    let gain = { (variance: Double) in
      level.alpha * variance / (level.alpha * level.alpha * variance + level.sigma * level.sigma)
    }
    let centred = zip(x, mean).map { Double($0) - level.alpha * Double($1) }
    var result = zip(centred, mean).map { gain(0.01) * $0 + Double($1) }
    for (direction, eigenvalue) in eigenvalues.enumerated() {
      let row = Self.basis[direction * Self.dimension..<(direction + 1) * Self.dimension]
      let coordinate = zip(row, centred).reduce(0) { $0 + Double($1.0) * $1.1 }
      let factor = (gain(eigenvalue) - gain(0.01)) * coordinate
      for (place, value) in row.enumerated() { result[place] += factor * Double(value) }
    }
    return result
  }

  @Test("an evaluation holds some rows and no second basis, and its values are those of Double to rounding")
  func evaluation() throws {
    let backend = try CPUBackend()
    let denoiser = GaussianDenoiser(
      GaussianStatistics(mean: mean, basis: Self.basis, eigenvalues: eigenvalues, remainder: 0.01, on: backend))
    let x = Tensor.noise([Self.dimension], seeds: [1, 2, 3], key: NoiseKey(step: 0), on: backend)
    let (before, states) = (backend.memoryUse.peak, try x.values())
    let values = try denoiser.prediction(x, at: level).denoised.values()
    #expect(backend.memoryUse.peak - before < Self.basis.count)

    for row in 0..<3 {
      let places = row * Self.dimension..<(row + 1) * Self.dimension
      let expected = expected(states[places])
      let largest = expected.reduce(0) { max($0, abs($1)) }
      #expect(zip(values[places], expected).allSatisfy { abs(Double($0) - $1) < 1e-6 * largest })
      // A sample is its own whatever the batch, to the rounding of products of another size.
      let alone = Tensor(Array(states[places]), shape: [1, Self.dimension], on: backend)
      let single = try denoiser.prediction(alone, at: level).denoised.values()
      #expect(zip(single, values[places]).allSatisfy { abs(Double($0 - $1)) < 1e-6 * largest })
    }
  }
}
