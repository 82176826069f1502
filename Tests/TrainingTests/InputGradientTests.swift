import Compute
import Conformance
import Files
import Networks
import Tensors
import Testing

@Suite("Gradients of a network's input")
struct InputGradientTests {
  private let times = [3.0, 7.0]
  private let size = 2 * 2 * 64

  private func numbers(_ seed: UInt64) -> [Float] {
    var state = seed
    return (0..<size).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int32(truncatingIfNeeded: state >> 33)) * 0x1p-30
    }
  }

  /// The input, in multiples of a power of two, so that 32 bits hold it moved as well.
  private var input: [Float] { numbers(1).map { ($0 * 1024).rounded() / 1024 } }

  private func tensor(_ values: [Float], on backend: any Backend) -> Tensor {
    Tensor(values, shape: [2, 2, 8, 8], on: backend)
  }

  private func network(_ item: NetworkGradientTests.Case, centers: Bool) throws -> UNet {
    var configuration = item.configuration
    configuration.centersInput = centers
    return try UNet(configuration, parameters: InitialParameters(seed: 3))
  }

  /// The product of each of some vectors with the derivative, from one record.
  private func pulled(
    _ vectors: [[Float]], _ network: UNet, _ item: NetworkGradientTests.Case, on backend: any Backend,
    checkpointed: Bool = false
  ) throws -> [Tensor] {
    let x = tensor(input, on: backend)
    let tape = Tape(on: backend, checkpointsBlocks: checkpointed, watchesParameters: false)
    tape.watch(x)
    let result = try network.forward(x, timesteps: times, classLabels: item.labels, tape: tape)
    let products = vectors.map { vector in
      tape.backward(from: result, gradient: tensor(vector, on: backend), keepsRecord: true)
      return tape.takeGradient(of: x)
    }
    #expect(tape.gradients.parameters.isEmpty)
    return products
  }

  @Test("They are the oracle's central differences in Double", arguments: NetworkGradientTests.cases, [false, true])
  func differences(item: NetworkGradientTests.Case, centers: Bool) throws {
    let oracle = ReferenceBackend(), network = try network(item, centers: centers)
    let vectors = [numbers(2), numbers(5)]
    let products = try pulled(vectors, network, item, on: oracle).map { oracle.exactValues(of: $0.buffer) }
    for seed in 10..<13 {
      let direction = numbers(UInt64(seed))
      let outputs = try [1, -1].map { (side: Float) in
        let moved = zip(input, direction).map { $0 + side * 0x1p-12 * ($1 * 64).rounded() / 64 }
        return oracle.exactValues(
          of: try network(tensor(moved, on: oracle), timesteps: times, classLabels: item.labels).buffer)
      }
      for (vector, product) in zip(vectors, products) {
        let difference = (0..<size).reduce(0.0) {
          $0 + Double(vector[$1]) * (outputs[0][$1] - outputs[1][$1]) / 0x1p-11
        }
        let exact = zip(product, direction).reduce(0.0) { $0 + $1.0 * Double(($1.1 * 64).rounded() / 64) }
        #expect(abs(difference - exact) < 1e-4 * max(1, abs(exact)), "\(difference), \(exact)")
      }
    }
  }

  @Test("A record that is kept gives the same again, and blocks that are evaluated again give it too")
  func repeated() throws {
    let item = NetworkGradientTests.cases[0], vectors = [numbers(2), numbers(5), numbers(2)]
    for (name, backend) in try backendsUnderTest() {
      let network = try network(item, centers: false)
      let products = try pulled(vectors, network, item, on: backend).map { try $0.values() }
      #expect(products[0] == products[2] && products[0] != products[1], "\(name)")
      let again = try pulled(vectors, network, item, on: backend, checkpointed: true).map { try $0.values() }
      let scale = products[0].map { abs($0) }.max() ?? 1
      #expect(zip(products[0], again[0]).allSatisfy { abs($0 - $1) < 1e-5 * scale }, "\(name)")
      let oracle = ReferenceBackend()
      let exact = try pulled(vectors, network, item, on: oracle).map { oracle.exactValues(of: $0.buffer) }
      for (found, target) in zip(products, exact) {
        #expect(zip(found, target).allSatisfy { abs(Double($0) - $1) < 1e-4 * Double(scale) }, "\(name)")
      }
    }
  }
}
