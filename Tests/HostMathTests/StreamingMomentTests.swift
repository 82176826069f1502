import Foundation
import HostMath
import Random
import Testing

@Suite("Moments by directions alone")
struct StreamingMomentTests {
  /// Rows whose variances fall as a power of the place, along directions that are no axes.
  private static func rows(_ count: Int, dimension: Int) -> [Float] {
    var generator = TorchGenerator(seed: 3)
    var rows = generator.normal(count: count * dimension)
    for index in rows.indices { rows[index] *= Float(pow(Double(index % dimension + 1), -0.75)) }
    // The reflection at a vector of all ones, less twice the mean.
    for first in stride(from: 0, to: rows.count, by: dimension) {
      let mean = rows[first..<first + dimension].reduce(0, +) / Float(dimension)
      for index in first..<first + dimension { rows[index] = 0.5 + rows[index] - 2 * mean }
    }
    return rows
  }

  private static func moments(
    _ rows: [Float], dimension: Int, rank: Int, blocks: Int, form: MomentAccumulator.Form
  ) -> Moments {
    var accumulator = MomentAccumulator(dimension: dimension, rank: rank, form: form)
    let block = blocks * dimension
    for first in stride(from: 0, to: rows.count, by: block) {
      accumulator.add(Array(rows[first..<min(first + block, rows.count)]))
    }
    return accumulator.moments()
  }

  @Test("They are the dense eigendecomposition's, to what the blocks drop", arguments: [16, 64])
  func accuracy(rank: Int) {
    let dimension = 256, rows = Self.rows(3000, dimension: dimension)
    let dense = Self.moments(rows, dimension: dimension, rank: rank, blocks: 3000, form: .matrix)
    let streamed = Self.moments(rows, dimension: dimension, rank: rank, blocks: 200, form: .directions)
    #expect(streamed.rank == rank && dense.rank == rank)
    for (value, expected) in zip(streamed.mean, dense.mean) { #expect(abs(value - expected) < 1e-12) }
    #expect(abs(streamed.totalVariance / dense.totalVariance - 1) < 1e-12)
    // What is dropped is lost, so that no variance along a direction can be more than the true one.
    for (place, (value, expected)) in zip(streamed.eigenvalues, dense.eigenvalues).enumerated() {
      #expect(value < expected * (1 + 1e-9))
      #expect(value > expected * (place < rank / 2 ? 0.996 : 0.93), "\(place): \(value) for \(expected)")
    }
    // The variance of the data along the streamed directions is what counts in a start; it is that of the best ones.
    let covariance = Self.moments(rows, dimension: dimension, rank: dimension, blocks: 3000, form: .matrix).covariance()
    var captured = 0.0
    for direction in 0..<rank {
      let u = streamed.basis[direction * dimension..<(direction + 1) * dimension].map { $0 }
      let image = product(u, transposed: covariance.elements, rows: 1, columns: dimension, inner: dimension)
      captured += zip(u, image).reduce(0) { $0 + $1.0 * $1.1 }
    }
    #expect(captured > 0.9998 * dense.eigenvalues.reduce(0, +))
    #expect(frechetDistance(streamed, dense) < 2e-3 * dense.totalVariance)
  }

  @Test("Of pictures of 256x256 in colour 128 directions take half a gigabyte, and no matrix")
  func large() {
    let dimension = 3 * 256 * 256, memory = MomentAccumulator.memory(dimension: dimension, rank: 128)
    #expect(memory.held == 160 * 8 * dimension && memory.working == memory.held)
    #expect(memory.held + memory.working < 504_000_000)
    // Classes of 64x64 pictures: ten and the whole.
    let small = MomentAccumulator.memory(dimension: 3 * 64 * 64, rank: 128, count: 6000)
    #expect(11 * small.held + small.working < 240_000_000)
    #expect(MomentAccumulator.memory(dimension: 784).held == 8 * 784 * 784)
  }
}
