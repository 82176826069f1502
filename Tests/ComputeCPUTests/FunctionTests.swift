import Compute
import ComputeCPU
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite("Functions of single values on the CPU")
struct FunctionTests {
  /// Known answers of the Random123 distribution for philox4x32-10.
  static let answers: [(counter: [UInt32], key: [UInt32], words: [UInt32])] = [
    ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    (
      [.max, .max, .max, .max], [.max, .max], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
    ),
    (
      [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
      [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    ),
  ]

  @Test("Philox gives its known answers", arguments: DispatchLevel.available)
  func philox(level: DispatchLevel) throws {
    let backend = try makeBackend(level)
    for answer in Self.answers {
      #expect(backend.philox(counter: answer.counter, key: answer.key) == answer.words, "\(level)")
    }
  }

  @Test("Normals follow their formula within 1e-6 up to the rarest words", arguments: DispatchLevel.available)
  func normals(level: DispatchLevel) throws {
    let backend = try makeBackend(level)
    let count = 1 << 20
    let values = backend.makeBuffer(count: count)
    backend.fillNormal(values, seeds: [0x1234_5678_9abc_def0], key: .init(step: 3, draw: 5))
    let result = try backend.read(values)
    var worst = 0.0
    for place in stride(from: 0, to: count, by: 4) {
      let words = backend.philox(counter: [UInt32(place / 4), 3, 5, 0], key: [0x9abc_def0, 0x1234_5678]).map(
        Double.init)
      for pair in [0, 2] {
        let radius = (-2 * log(words[pair] * 0x1p-32 + 0x1p-33)).squareRoot()
        let angle = 2 * Double.pi * words[pair + 1] * 0x1p-32
        worst = max(worst, abs(radius * cos(angle) - Double(result[place + pair])))
        worst = max(worst, abs(radius * sin(angle) - Double(result[place + pair + 1])))
      }
    }
    #expect(worst < 1e-6, "\(level): \(worst)")
  }

  @Test("SiLU is within 4 units in the last place from -80 to 80", arguments: DispatchLevel.available)
  func silu(level: DispatchLevel) throws {
    let inputs = (-80_000...80_000).map { Float($0) / 1000 }
    let worst = try units(.silu, inputs, level) { $0 / (1 + exp(-$0)) }
    #expect(worst < 4, "\(level): \(worst) units")
  }

  @Test("Mish is within 5 units in the last place from -80 to 80", arguments: DispatchLevel.available)
  func mish(level: DispatchLevel) throws {
    let inputs = (-80_000...80_000).map { Float($0) / 1000 }
    let worst = try units(.mish, inputs, level) { $0 * tanh(log1p(exp($0))) }
    #expect(worst < 5, "\(level): \(worst) units")
  }

  /// The largest error of a function in units of the last place of its result.
  private func units(
    _ function: Nonlinearity, _ inputs: [Float], _ level: DispatchLevel, _ exact: (Double) -> Double
  ) throws -> Double {
    let backend = try makeBackend(level)
    let activation = backend.makeFeatureMap(.init(batch: 1, channels: inputs.count))
    let values = backend.makeBuffer(inputs)
    backend.enter(values, scale: 1, shift: 0, into: activation)
    backend.activate(activation, function, into: activation)
    backend.leave(activation, into: values)
    var worst = 0.0
    for (x, y) in zip(inputs, try backend.read(values)) {
      let wanted = exact(Double(x))
      worst = max(worst, abs(wanted - Double(y)) / Double(max(Float(abs(wanted)).ulp, .leastNormalMagnitude)))
    }
    return worst
  }

  @Test("A mean of 100 does not cost a group normalisation its accuracy", arguments: DispatchLevel.available)
  func largeMean(level: DispatchLevel) throws {
    let backend = try makeBackend(level)
    let shape = FeatureMapShape(batch: 1, channels: 32, height: 16, width: 16)
    let noise = backend.makeBuffer(count: shape.count)
    backend.fillNormal(noise, seeds: [1], key: .init(step: 0))
    let activation = backend.makeFeatureMap(shape)
    backend.enter(noise, scale: 1, shift: 100, into: activation)
    backend.leave(activation, into: noise)
    let inputs = try backend.read(noise).map(Double.init)
    let gamma = Parameter(shape: [32], values: [Float](repeating: 1, count: 32))
    let beta = Parameter(shape: [32], values: [Float](repeating: 0, count: 32))
    backend.normalizeGroups(
      Operand(activation), .init(groups: 4, epsilon: 0, gamma: gamma, beta: beta), scaleShift: nil, .identity,
      into: activation)
    backend.leave(activation, into: noise)
    let result = try backend.read(noise)
    let size = inputs.count / 4
    for group in 0..<4 {
      let members = inputs[group * size..<(group + 1) * size]
      let mean = members.reduce(0, +) / Double(size)
      let deviation = (members.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(size)).squareRoot()
      for place in members.indices {
        #expect(abs(Double(result[place]) - (inputs[place] - mean) / deviation) < 1e-6)
      }
    }
  }
}
