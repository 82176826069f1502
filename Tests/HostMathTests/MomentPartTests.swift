import HostMath
import Random
import Testing

@Suite("Moments in parts")
struct MomentPartTests {
  /// Rows of levels of 8 bits, as images have them.
  private static func levels(_ count: Int, dimension: Int) -> [Float] {
    var generator = TorchGenerator(seed: 5)
    return generator.normal(count: count * dimension).enumerated().map { place, value in
      let level = max(0, min(255, (127 + 40 * value + Float(place % dimension)).rounded()))
      return level / 127.5 - 1
    }
  }

  /// The moments of rows that come in parts, each in an accumulator of its own that goes through its state.
  private static func moments(_ rows: [Float], _ whole: MomentAccumulator, cuts: [Int]) -> Moments {
    let dimension = whole.dimension, count = rows.count / dimension
    var sum = whole
    for (first, last) in zip([0] + cuts, cuts + [count]) {
      var part = whole.emptied(), other = whole.emptied()
      if first < last { part.add(Array(rows[first * dimension..<last * dimension])) }
      let isTaken = other.restore(part.state)
      #expect(isTaken)
      sum.add(other)
    }
    return sum.moments()
  }

  @Test("Of 8-bit rows they are those of one pass, bit for bit, and those of the values", arguments: [3, 40])
  func exact(dimension: Int) {
    let rows = Self.levels(500, dimension: dimension)
    var one = MomentAccumulator(dimension: dimension, ofBytes: true), plain = MomentAccumulator(dimension: dimension)
    let empty = one
    for start in stride(from: 0, to: 500, by: 61) {
      one.add(Array(rows[start * dimension..<min(500, start + 61) * dimension]))
    }
    plain.add(rows)
    let moments = one.moments()
    for cuts in [[250], [1, 2, 2, 499], [0, 100, 500]] {
      #expect(Self.moments(rows, empty, cuts: cuts) == moments, "\(cuts)")
    }
    for (value, expected) in zip(moments.mean, plain.moments().mean) { #expect(abs(value - expected) < 1e-7) }
    for (value, expected) in zip(moments.covariance().elements, plain.moments().covariance().elements) {
      #expect(abs(value - expected) < 1e-7)
    }
  }

  @Test("Values of more bits are taken as they are, and their parts are equal to rounding")
  func values() {
    var generator = TorchGenerator(seed: 6)
    let rows = generator.normal(count: 300 * 8).map { $0 * 0.3 + 5 }
    for ofBytes in [false, true] {
      let empty = MomentAccumulator(dimension: 8, ofBytes: ofBytes)
      var one = empty, plain = MomentAccumulator(dimension: 8)
      one.add(rows)
      plain.add(rows)
      for moments in [one.moments(), Self.moments(rows, empty, cuts: [7, 150])] {
        for (value, expected) in zip(moments.mean, plain.moments().mean) { #expect(abs(value - expected) < 1e-10) }
        for (value, expected) in zip(moments.covariance().elements, plain.moments().covariance().elements) {
          #expect(abs(value - expected) < 1e-10)
        }
      }
    }
  }

  @Test("Where directions are kept, and there are no more, parts have the variance along each")
  func directions() {
    var generator = TorchGenerator(seed: 7)
    let count = 120, dimension = 30, rank = 6
    let basis = generator.normal(count: rank * dimension), weights = generator.normal(count: count * rank)
    var rows = [Float](repeating: 2, count: count * dimension)
    for row in 0..<count {
      for column in 0..<dimension {
        for direction in 0..<rank {
          rows[row * dimension + column] += weights[row * rank + direction] * basis[direction * dimension + column]
        }
      }
    }
    let empty = MomentAccumulator(dimension: dimension, rank: rank, form: .directions)
    var one = empty
    one.add(rows)
    let whole = one.moments(), parts = Self.moments(rows, empty, cuts: [30, 31, 90])
    for (value, expected) in zip(parts.eigenvalues, whole.eigenvalues) { #expect(abs(value / expected - 1) < 1e-6) }
    for (value, expected) in zip(parts.covariance().elements, whole.covariance().elements) {
      #expect(abs(value - expected) < 1e-6 * whole.eigenvalues[0])
    }
    #expect(abs(parts.totalVariance / whole.totalVariance - 1) < 1e-10)
  }

  @Test("A state of other sizes is refused, and changes nothing")
  func refuses() {
    var accumulator = MomentAccumulator(dimension: 3), other = MomentAccumulator(dimension: 2)
    accumulator.add([0, 1, 2, 3, 4, 5])
    other.add([0, 1, 2, 3])
    let before = accumulator.state
    let isOther = accumulator.restore(other.state)
    #expect(!isOther)
    for change: (inout MomentAccumulator.State) -> Void in [
      { $0.triangle.removeLast() }, { $0.sum.append(0) }, { $0.shift = [] }, { $0.count = -1 },
      {
        $0.directions = [1, 0, 0]; $0.squaredWeights = [1]
      },
    ] {
      var state = before
      change(&state)
      let isTaken = accumulator.restore(state)
      #expect(!isTaken)
    }
    #expect(accumulator.state == before)
  }
}
