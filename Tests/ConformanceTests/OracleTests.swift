import Compute
import Conformance
import Instruments
import Testing

@Suite("The oracle")
struct OracleTests {
  let oracle = ReferenceBackend()

  private func activation(_ values: [Double], _ shape: FeatureMapShape) -> FeatureMap {
    let activation = oracle.makeFeatureMap(shape)
    oracle.setExactValues(values, of: activation)
    return activation
  }

  @Test("The oracle passes its own list, and nothing is skipped")
  func passes() {
    let results = ConformanceSuite.run(on: oracle)
    #expect(results.count == ConformanceSuite.cases.count)
    for result in results { #expect(result.outcome == .passed, "\(result)") }
  }

  @Test("The oracle passes the self-check")
  func passesSelfCheck() throws {
    try ConformanceSuite.selfCheck(on: oracle)
  }

  @Test("Titles are unique; the self-check's cases are tiny, but for one that Winograd's method needs larger")
  func titlesAreUnique() {
    let titles = (ConformanceSuite.cases + ConformanceSuite.selfCheckCases).map(\.title)
    #expect(Set(titles).count == titles.count)
    let others = ConformanceSuite.selfCheckCases.filter { $0.size != .tiny }
    #expect(others.count == 1 && others.allSatisfy { $0.size == .small && $0.suitsWinograd })
  }

  @Test("A case that is to be skipped is, with its reason, and the oracle is not asked")
  func skips() {
    let test = ConformanceSuite.cases[0]
    let results = ConformanceSuite.run(on: oracle, cases: [test], skipping: [test.title: "known"])
    #expect(results.map(\.outcome) == [.skipped("known")])
    #expect(
      results.allSatisfy { !$0.isFailure && $0.description.contains("skipped") && $0.description.contains("known") })
  }

  @Test(
    "Philox gives the words of its authors' known-answer tests",
    arguments: [
      (UInt32(0), UInt32(0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8] as [UInt32]),
      (.max, .max, [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
    ])
  func philox(counter: UInt32, key: UInt32, words: [UInt32]) {
    #expect(Philox.words(counter: .init(repeating: counter, count: 4), key: (key, key)) == words)
  }

  @Test("Philox gives the words of the known-answer test with the digits of pi")
  func philoxPi() {
    let words = Philox.words(
      counter: [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], key: (0xa409_3822, 0x299f_31d0))
    #expect(words == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
  }

  @Test("Noise has mean zero, variance one and no skew within four standard errors")
  func moments() {
    let buffer = oracle.makeBuffer(count: 40_000)
    oracle.fillNormal(buffer, seeds: [1, 2], key: .init(step: 7))
    let values = oracle.exactValues(of: buffer)
    let count = Double(values.count)
    let moment = { (power: Int) in values.map { v in (0..<power).reduce(1.0) { p, _ in p * v } }.reduce(0, +) / count }
    #expect(abs(moment(1)) < 4 / count.squareRoot())
    #expect(abs(moment(2) - 1) < 4 * (2 / count).squareRoot())
    #expect(abs(moment(3)) < 4 * (15 / count).squareRoot())
  }

  @Test("A mean of windows is of the pixels inside of the image, and the largest value is none from outside")
  func pools() {
    let input = activation([-1, -2, -3, -4, -5, -9], .init(batch: 1, channels: 1, height: 2, width: 3))
    func pooled(_ shape: PoolingShape) -> [Double] {
      let output = oracle.makeFeatureMap(shape.output(for: input.shape))
      oracle.poolWindows(input, shape, into: output)
      return oracle.exactValues(of: output)
    }
    #expect(pooled(.init(.mean, size: 3, padding: 1)) == [-3, -4, -4.75, -3, -4, -4.75])
    #expect(pooled(.init(.maximum, size: 3, padding: 1)) == [-1, -1, -2, -1, -1, -2])
    #expect(pooled(.init(.maximum, size: 2, stride: 2)) == [-1])
  }

  @Test("A 3x3 convolution of ones counts the pixels that its filter meets, and adds what its epilogue says")
  func convolves() {
    let shape = ConvolutionShape(inputChannels: 1, outputChannels: 1, kernel: 3, padding: .all(1))
    let input = activation(.init(repeating: 1, count: 6), .init(batch: 1, channels: 1, height: 2, width: 3))
    let output = oracle.makeFeatureMap(input.shape)
    let ones = Parameter(shape: [1, 1, 3, 3], values: .init(repeating: 1, count: 9))
    oracle.convolve(.init(input), ones, shape, .init(), into: output)
    #expect(oracle.exactValues(of: output) == [4, 6, 4, 4, 6, 4])
    let epilogue = ConvolutionEpilogue(
      bias: .init(shape: [1], values: [10]), channelOffset: activation([100], .init(batch: 1, channels: 1)),
      residual: input, scale: 2)
    oracle.convolve(.init(input), ones, shape, epilogue, into: output)
    #expect(oracle.exactValues(of: output) == [230, 234, 230, 230, 234, 230])
  }

  @Test("A convolution's filter is not flipped, and its asymmetric padding is below and to the right")
  func convolvesAsymmetrically() {
    let shape = ConvolutionShape(
      inputChannels: 1, outputChannels: 1, kernel: 3, stride: 2, padding: .init(top: 0, bottom: 1, left: 0, right: 1))
    let input = activation([1, 2, 3, 4], .init(batch: 1, channels: 1, height: 2, width: 2))
    let output = oracle.makeFeatureMap(.init(batch: 1, channels: 1))
    let filter = Parameter(shape: [1, 1, 3, 3], values: [1, 10, 0, 100, 1000, 0, 0, 0, 0])
    oracle.convolve(.init(input), filter, shape, .init(), into: output)
    #expect(oracle.exactValues(of: output) == [1 + 20 + 300 + 4000])
  }

  @Test("A normalised group has mean beta and deviation gamma, over the seam of a pair")
  func normalizes() {
    let shape = FeatureMapShape(batch: 1, channels: 1, height: 1, width: 2)
    let operand = Operand(activation([1, 3], shape), activation([5, 7], shape))
    let output = oracle.makeFeatureMap(shape.with(channels: 2))
    let normalization = GroupNormalization(
      groups: 1, epsilon: 0, gamma: .init(shape: [2], values: [1, 2]), beta: .init(shape: [2], values: [0, 1]))
    oracle.normalizeGroups(operand, normalization, scaleShift: nil, .identity, into: output)
    let root5 = 5.0.squareRoot()
    let expected = [-3 / root5, -1 / root5, 1 + 2 / root5, 1 + 6 / root5]
    for (value, wanted) in zip(oracle.exactValues(of: output), expected) { #expect(abs(value - wanted) < 1e-15) }
  }

  @Test("Attention to equal keys is the mean of the values, head by head")
  func attends() {
    // Two channels, two heads, two tokens: queries, keys (all alike), values.
    let projections = activation(
      [1, 2, 3, 4, 1, 1, 1, 1, 10, 20, 30, 50], .init(batch: 1, channels: 6, height: 1, width: 2))
    let output = oracle.makeFeatureMap(.init(batch: 1, channels: 2, height: 1, width: 2))
    oracle.attend(projections, heads: 2, into: output)
    #expect(oracle.exactValues(of: output) == [15, 15, 40, 40])
  }
}

extension ConformanceCase {
  /// Whether it is a convolution that is worth Winograd's transforms.
  fileprivate var suitsWinograd: Bool {
    guard case .convolution(let shape, _, let output) = record.shape else { return false }
    return shape.suitsWinograd(output: output)
  }
}
