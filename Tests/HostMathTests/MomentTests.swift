import Foundation
import HostMath
import Random
import Testing

@Suite("Moments of data")
struct MomentTests {
  /// Rows of a Gaussian with known mean and one strong direction, from a small generator of their own.
  static func rows(_ count: Int, dimension: Int, seed: UInt64 = 1) -> [Float] {
    var state = seed
    func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (Double(state >> 11) + 0.5) * 0x1p-53
    }
    func normal() -> Double { (-2 * log(uniform())).squareRoot() * cos(2 * .pi * uniform()) }
    return (0..<count).flatMap { _ in
      let (strong, second) = (normal() * 5, normal() * 2)
      return (0..<dimension).map { index -> Float in
        let direction = sin(Double(index + 1))
        let other = cos(Double(3 * index + 1))
        return Float(100 + strong * direction + second * other + 0.1 * normal())
      }
    }
  }

  /// The definition, in two passes.
  static func covariance(_ rows: [Float], dimension: Int) -> [Double] {
    let count = rows.count / dimension
    let mean = (0..<dimension).map { column in
      (0..<count).reduce(0.0) { $0 + Double(rows[$1 * dimension + column]) } / Double(count)
    }
    var result = [Double](repeating: 0, count: dimension * dimension)
    for row in 0..<count {
      let centred = (0..<dimension).map { Double(rows[row * dimension + $0]) - mean[$0] }
      for i in 0..<dimension {
        for j in 0..<dimension { result[i * dimension + j] += centred[i] * centred[j] / Double(count - 1) }
      }
    }
    return result
  }

  @Test(
    "The covariance equals the definition, however the rows come in blocks", arguments: [[50], [1, 49], [7, 20, 23]])
  func exact(blocks: [Int]) {
    let dimension = 12
    let rows = Self.rows(50, dimension: dimension)
    var accumulator = MomentAccumulator(dimension: dimension)
    var start = 0
    for block in blocks {
      accumulator.add(Array(rows[start * dimension..<(start + block) * dimension]))
      start += block
    }
    let moments = accumulator.moments()
    let expected = Self.covariance(rows, dimension: dimension)
    for (value, reference) in zip(moments.covariance().elements, expected) {
      #expect(abs(value - reference) < 1e-9)
    }
    #expect(moments.eigenvalues == moments.eigenvalues.sorted(by: >))
    #expect(moments.count == 50)
  }

  @Test("Beyond the dense limit the leading directions and the total variance are right")
  func truncated() {
    let dimension = MomentAccumulator.denseLimit + 3
    let rows = Self.rows(300, dimension: dimension)
    var accumulator = MomentAccumulator(dimension: dimension, rank: 8)
    for start in stride(from: 0, to: 300, by: 75) {
      accumulator.add(Array(rows[start * dimension..<(start + 75) * dimension]))
    }
    let moments = accumulator.moments()
    // The Gram matrix of the centred rows has the same eigenvalues that are not zero.
    let count = 300
    var centred = rows.map(Double.init)
    for column in 0..<dimension {
      let mean = (0..<count).reduce(0.0) { $0 + centred[$1 * dimension + column] } / Double(count)
      for row in 0..<count { centred[row * dimension + column] -= mean }
    }
    var gram = [Double](repeating: 0, count: count * count)
    for i in 0..<count {
      for j in 0...i {
        var sum = 0.0
        for k in 0..<dimension { sum += centred[i * dimension + k] * centred[j * dimension + k] }
        gram[i * count + j] = sum / Double(count - 1)
        gram[j * count + i] = gram[i * count + j]
      }
    }
    let expected = Array(SymmetricMatrix(order: count, elements: gram).eigenvalues().reversed())
    #expect(moments.rank == 8)
    for index in 0..<2 { #expect(abs(moments.eigenvalues[index] / expected[index] - 1) < 1e-6) }
    #expect(abs(moments.totalVariance / expected.reduce(0, +) - 1) < 1e-9)
    // The directions are orthonormal.
    for i in 0..<8 {
      for j in 0...i {
        let dot = (0..<dimension).reduce(0.0) {
          $0 + moments.basis[i * dimension + $1] * moments.basis[j * dimension + $1]
        }
        #expect(abs(dot - (i == j ? 1 : 0)) < 1e-9)
      }
    }
  }

  @Test("Directions stay orthonormal where their weights differ by ten orders of magnitude, and rows repeat")
  func orthonormal() {
    let dimension = MomentAccumulator.denseLimit + 1
    // Row k points along axis k with length 10^-k, twice, and back, so that the mean is zero.
    var rows = [Float](repeating: 0, count: 24 * dimension)
    for row in 0..<24 { rows[row * dimension + row % 6] = (row < 12 ? 1 : -1) * Float(pow(10, -Double(row % 6))) }
    for axis in 0..<6 { for row in stride(from: 0, to: 24, by: 5) { rows[row * dimension + axis] += 0.001 } }
    var accumulator = MomentAccumulator(dimension: dimension, rank: 6)
    accumulator.add(Array(rows[..<(12 * dimension)]))
    accumulator.add(Array(rows[(12 * dimension)...]))
    let moments = accumulator.moments()
    #expect(moments.rank == 6)
    for i in 0..<6 {
      for j in 0...i {
        let dot = (0..<dimension).reduce(0.0) {
          $0 + moments.basis[i * dimension + $1] * moments.basis[j * dimension + $1]
        }
        #expect(abs(dot - (i == j ? 1 : 0)) < 1e-9, "\(i), \(j): \(dot)")
      }
    }
    let inner = rows.indices.filter { $0 % dimension < 6 }.map { rows[$0] }
    let expected = SymmetricMatrix(order: 6, elements: Self.covariance(inner, dimension: 6)).eigenvalues().reversed()
    for (value, reference) in zip(moments.eigenvalues, expected) {
      #expect(abs(value - reference) < 1e-9 * moments.eigenvalues[0])
    }
  }

  @Test("Truncation keeps the total variance")
  func truncation() {
    var accumulator = MomentAccumulator(dimension: 10)
    accumulator.add(Self.rows(40, dimension: 10))
    let moments = accumulator.moments()
    let truncated = moments.truncated(toRank: 3)
    #expect(truncated.rank == 3)
    #expect(abs(truncated.totalVariance - moments.totalVariance) < 1e-9)
  }
}

@Suite("The Frechet distance")
struct FrechetDistanceTests {
  static func diagonal(_ mean: [Double], _ variances: [Double]) -> Moments {
    let order = mean.count
    let inOrder = variances.indices.sorted { variances[$0] > variances[$1] }
    var basis = [Double](repeating: 0, count: order * order)
    for (row, column) in inOrder.enumerated() { basis[row * order + column] = 1 }
    return Moments(count: 1000, mean: mean, basis: basis, eigenvalues: inOrder.map { variances[$0] }, remainder: 0)
  }

  @Test("Of axis-parallel Gaussians it is the closed form")
  func closedForm() {
    let first = Self.diagonal([0, 1, 2], [1, 4, 9])
    let second = Self.diagonal([1, 1, 0], [4, 1, 9])
    // |dm|^2 = 5; (1-2)^2 + (2-1)^2 + 0 = 2.
    #expect(abs(frechetDistance(first, second) - 7) < 1e-9)
    #expect(abs(frechetDistance(first, first)) < 1e-9)
  }

  @Test("Over the joint span of two truncated bases it equals the distance of the whole matrices", arguments: [0, 2])
  func jointSpan(secondRank: Int) {
    let dimension = 9
    func moments(_ seed: UInt64, rank: Int) -> Moments {
      var accumulator = MomentAccumulator(dimension: dimension)
      accumulator.add(MomentTests.rows(60, dimension: dimension, seed: seed))
      return accumulator.moments().truncated(toRank: rank)
    }
    let (first, second) = (moments(1, rank: 3), moments(2, rank: secondRank))
    /// The same covariance with every direction in the basis, which takes the path over whole matrices.
    func whole(_ moments: Moments) -> Moments {
      let eigen = moments.covariance().eigendecomposition()
      let order = dimension
      let rows = (0..<order).reversed().flatMap { eigen.vectors[$0 * order..<($0 + 1) * order] }
      return Moments(
        count: moments.count, mean: moments.mean, basis: rows, eigenvalues: eigen.values.reversed(), remainder: 0)
    }
    let expected = frechetDistance(whole(first), whole(second))
    #expect(expected > 1)
    #expect(abs(frechetDistance(first, second) / expected - 1) < 1e-9)
    #expect(abs(frechetDistance(first, first)) < 1e-6)
  }

  @Test("Images of any size can be compared: 200,000 values take no matrix of that order")
  func large() {
    func moments(_ value: Double) -> Moments {
      var basis = [Double](repeating: 0, count: 200_000)
      basis[7] = 1
      return Moments(
        count: 9, mean: .init(repeating: 0, count: 200_000), basis: basis, eigenvalues: [value], remainder: 1)
    }
    #expect(abs(frechetDistance(moments(4), moments(25)) - 9) < 1e-6)
  }

  @Test("Samples of a Gaussian are as far from it as the bias says", arguments: [nil, 2])
  func bias(rank: Int?) {
    let (dimension, count, repetitions) = (6, 400, 60)
    let variances: [Double] = [9, 4, 1, 1, 1, 1]
    let truth = Self.diagonal(.init(repeating: 0, count: dimension), variances)
    var generator = TorchGenerator(seed: 5)
    let total = (0..<repetitions).reduce(0.0) { sum, _ in
      var accumulator = MomentAccumulator(dimension: dimension)
      let normals = generator.normal(count: count * dimension)
      accumulator.add(normals.indices.map { normals[$0] * Float(variances[$0 % dimension].squareRoot()) })
      return sum + frechetDistance(accumulator.moments(), truth)
    }
    let expected = (rank.map(truth.truncated) ?? truth).frechetBias(count: count)
    // Sixty distances scatter by 40 % each, so that their mean is known to 5 %.
    #expect(abs(total / Double(repetitions) / expected - 1) < 0.15)
  }

  @Test("Of Gaussians whose covariances do not commute it equals scipy's")
  func scipy() {
    // numpy: A = [[2, .5, 0], [.5, 1, .3], [0, .3, .5]]; B = [[1, -.4, .1], [-.4, 2, 0], [.1, 0, .25]]; m1 = 0, m2 = (1, 2, 3)
    // m2 @ m2 + trace(A + B - 2 * scipy.linalg.sqrtm(A @ B).real)
    func moments(_ mean: [Double], _ elements: [Double]) -> Moments {
      let eigen = SymmetricMatrix(order: 3, elements: elements).eigendecomposition()
      let rows = (0..<3).reversed().flatMap { eigen.vectors[$0 * 3..<$0 * 3 + 3] }
      return Moments(count: 9, mean: mean, basis: rows, eigenvalues: eigen.values.reversed(), remainder: 0)
    }
    let a = moments([0, 0, 0], [2, 0.5, 0, 0.5, 1, 0.3, 0, 0.3, 0.5])
    let b = moments([1, 2, 3], [1, -0.4, 0.1, -0.4, 2, 0, 0.1, 0, 0.25])
    #expect(abs(frechetDistance(a, b) - 14.754826792024204) < 1e-9)
  }
}

@Suite("Moments of few rows")
struct FewRowsTests {
  @Test("Their directions alone give the covariance of the definition", arguments: [2, 3, 10, 24])
  func covariance(count: Int) {
    let dimension = 100, rows = MomentTests.rows(count, dimension: dimension)
    var accumulator = MomentAccumulator(dimension: dimension, count: count)
    accumulator.add(rows)
    let moments = accumulator.moments()
    #expect(moments.rank <= count)
    let expected = MomentTests.covariance(rows, dimension: dimension)
    let largest = expected.reduce(0) { max($0, abs($1)) }
    for (value, reference) in zip(moments.covariance().elements, expected) {
      #expect(abs(value - reference) < 1e-9 * largest)
    }
    #expect(moments.shareOutside < 1e-9)
  }

  @Test("A rank beyond the rows is that of the rows", arguments: [5, 80])
  func rank(count: Int) {
    let dimension = 100
    var accumulator = MomentAccumulator(dimension: dimension, rank: 4096, count: count)
    #expect(accumulator.rank == count)
    accumulator.add(MomentTests.rows(count, dimension: dimension))
    #expect(accumulator.moments().rank <= count)
  }

  @Test("Equal rows have no variance, and none of it outside", arguments: [1, 50, 5000])
  func equal(dimension: Int) {
    var accumulator = MomentAccumulator(dimension: dimension, count: 3)
    accumulator.add((0..<3).flatMap { _ in (0..<dimension).map { Float(sin(Double($0))) } })
    let moments = accumulator.moments()
    #expect(moments.totalVariance < 1e-12 && moments.rank <= 3)
  }
}
