import Compute
import Instruments
import Testing

@Suite("Plans")
struct PlanningBackendTests {
  let shape = FeatureMapShape(batch: 2, channels: 3, height: 4, width: 5)

  @Test("A plan knows what lives now and what lived at most")
  func countsMemory() {
    let plan = PlanningBackend(byteCount: { 2 * $0.count + 10 })
    let activation = plan.makeFeatureMap(shape)
    #expect(plan.byteCount(of: activation.shape) == 250)
    #expect(plan.memoryUse == .init(current: 250, peak: 250))
    do {
      let buffer = plan.makeBuffer(count: 100)
      #expect(plan.memoryUse == .init(current: 650, peak: 650))
      withExtendedLifetime(buffer) {}
    }
    #expect(plan.memoryUse == .init(current: 250, peak: 650))
    plan.reset()
    #expect(plan.memoryUse == .init(current: 250, peak: 250))
    withExtendedLifetime(activation) {}
  }

  @Test("A plan of a convolution has its shape, traits, products, bytes and parameters")
  func recordsConvolution() {
    let plan = PlanningBackend()
    let convolution = ConvolutionShape(inputChannels: 5, outputChannels: 7, kernel: 3, padding: .all(1))
    let (first, second) = (plan.makeFeatureMap(shape), plan.makeFeatureMap(shape.with(channels: 2)))
    let result = plan.makeFeatureMap(shape.with(channels: 7))
    let filter = Parameter(shape: [7, 5, 3, 3]) { $0.update(repeating: 0) }
    let bias = Parameter(shape: [7]) { $0.update(repeating: 0) }
    let offset = plan.makeFeatureMap(.init(batch: 2, channels: 7))
    let epilogue = ConvolutionEpilogue(bias: bias, channelOffset: offset, residual: result, scale: 2)
    for _ in 0..<3 { plan.convolve(.init(first, second), filter, convolution, epilogue, into: result) }
    let work = 2 * 2 * 7 * 20 * 5 * 9
    let record = OperationRecord(
      .convolve, .convolution(convolution, operands: [first.shape, second.shape], result: result.shape),
      traits: [.bias, .channelOffset, .residual, .inPlace, .scaled], floatingPointOperations: work,
      bytesRead: 4 * (2 * 5 * 20 + 7 * 5 * 9 + 7 + 2 * 7 + 2 * 7 * 20), bytesWritten: 4 * 2 * 7 * 20)
    #expect(plan.records == [record: 3])
    #expect(plan.floatingPointOperations == 3 * work)
    #expect(plan.parameterCount == 7 * 5 * 9 + 7)
    #expect("\(record.shape)" == "3x3 [2, 3, 4, 5] + [2, 2, 4, 5] -> [2, 7, 4, 5]")
  }

  @Test("A plan tells attention, normalisation and products apart by their traits")
  func recordsTraits() {
    let plan = PlanningBackend()
    let activation = plan.makeFeatureMap(shape.with(channels: 6))
    let projections = plan.makeFeatureMap(shape.with(channels: 18))
    plan.attend(projections, heads: 2, into: activation)
    let ones = Parameter(shape: [6]) { $0.update(repeating: 1) }
    plan.normalizeGroups(
      .init(activation), .init(groups: 3, epsilon: 1e-5, gamma: ones, beta: ones), scaleShift: nil, .silu,
      into: activation)
    let product = MatrixProduct(rows: 3, columns: 5, inner: 4, transposesB: true)
    let (a, b, c) = (plan.makeBuffer(count: 12), plan.makeBuffer(count: 20), plan.makeBuffer(count: 15))
    plan.multiplyMatrices(product, alpha: 1, a, b, beta: 1, into: c)
    let records = Dictionary(uniqueKeysWithValues: plan.records.keys.map { ($0.operation, $0) })
    #expect(records[.attend]?.traits == [.heads(2)])
    #expect(records[.attend]?.floatingPointOperations == 2 * 20 * 20 * (4 * 6 + 7 * 2))
    #expect(records[.normalizeGroups]?.traits == [.groups(3), .function(.silu), .inPlace])
    #expect(records[.multiplyMatrices]?.traits == [.addsToDestination])
    #expect(records[.multiplyMatrices]?.floatingPointOperations == 2 * 60)
    #expect(records[.multiplyMatrices].map { "\($0.shape)" } == "[3, 4] * [5, 4]^T")
    #expect(plan.parameterCount == 6)
  }

  @Test("A plan reads zeros")
  func readsZeros() throws {
    let plan = PlanningBackend()
    let buffer = plan.makeBuffer([1, 2, 3])
    plan.fillNormal(buffer, seeds: [1], key: .init(step: 0))
    #expect(try plan.read(buffer) == [0, 0, 0])
    #expect(plan.records.map(\.key.operation).sorted { $0.rawValue < $1.rawValue } == [.fillNormal, .read, .write])
  }
}
