import Compute
import Conformance
import Foundation
import Tensors
import Testing

/// Operations beside PyTorch's, by values that `make_operation_cases.py` has kept.
@Suite("Operations as PyTorch has them")
struct TorchOperationTests {
  struct Array: Decodable {
    let shape: [Int]
    let values: [Float]
  }

  struct Convolution: Decodable {
    let stride: Int
    let padding: [Int]
    let input, filter, bias, output: Array
  }

  struct Pooling: Decodable {
    let kind: String
    let size, stride, padding: Int
    let input, output: Array
  }

  struct Resizing: Decodable {
    let input, output: Array
  }

  struct Cases: Decodable {
    let convolutions: [Convolution]
    let poolings: [Pooling]
    let resizings: [Resizing]
  }

  static let cases: Cases? = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try? JSONDecoder().decode(
      Cases.self, from: Data(contentsOf: folder.appendingPathComponent("Fixtures/operations/torch.json")))
  }()

  let backend = ReferenceBackend()

  private func tensor(_ array: Array) -> Tensor { Tensor(array.values, shape: array.shape, on: backend) }

  private func expect(_ result: Tensor, _ wanted: Array, within tolerance: Float) throws {
    #expect(result.shape == wanted.shape)
    let error = try zip(result.values(), wanted.values).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
    #expect(error <= tolerance, "\(error)")
  }

  @Test("Convolutions with filters that are no squares, and with strides of two", arguments: 0..<6)
  func convolutions(place: Int) throws {
    let cases = try #require(Self.cases).convolutions
    try #require(cases.count == 6)
    let test = cases[place], extents = test.filter.shape
    let shape = ConvolutionShape(
      inputChannels: extents[1], outputChannels: extents[0], kernel: extents[2], kernelWidth: extents[3],
      stride: test.stride,
      padding: .init(top: test.padding[0], bottom: test.padding[0], left: test.padding[1], right: test.padding[1]))
    let result = tensor(test.input).featureMaps().convolved(
      with: Parameter(shape: extents, values: test.filter.values), shape,
      bias: Parameter(shape: test.bias.shape, values: test.bias.values))
    try expect(result.tensor(), test.output, within: 2e-5)
  }

  @Test("The largest value and the mean of windows, what lies outside of the image left out", arguments: 0..<4)
  func poolings(place: Int) throws {
    let cases = try #require(Self.cases).poolings
    try #require(cases.count == 4)
    let test = cases[place], kind = try #require(PoolingShape.Kind(rawValue: test.kind))
    let pooling = PoolingShape(kind, size: test.size, stride: test.stride, padding: test.padding)
    try expect(tensor(test.input).featureMaps().pooled(pooling).tensor(), test.output, within: 1e-6)
  }

  @Test("Bilinear interpolation to larger and smaller images, grey ones in three copies", arguments: 0..<5)
  func resizings(place: Int) throws {
    let cases = try #require(Self.cases).resizings
    try #require(cases.count == 5)
    let test = cases[place], extents = test.output.shape
    let result = tensor(test.input).resized(
      to: .init(height: extents[2], width: extents[3]), copies: 3 / test.input.shape[1])
    // A place up to 9, rounded to 24 bits, shifts the weights of neighbours that are up to 4 apart.
    try expect(result, test.output, within: 4 * 9 * 0x1p-24)
  }
}
