import Compute
import Conformance
import Tensors
import Testing

@Suite("Tensors and features")
struct TensorTests {
  let backend = ReferenceBackend()

  private func tensor(_ values: [Float], _ shape: [Int]) -> Tensor { Tensor(values, shape: shape, on: backend) }

  @Test("A combination leaves out terms whose coefficient is zero, so that infinity there does no harm")
  func combination() throws {
    let x = tensor([1, 2, 3], [1, 3])
    let y = tensor([.infinity, 0, .nan], [1, 3])
    let z = tensor([10, 20, 30], [1, 3])
    #expect(try Tensor.combination([(2, x), (0, y), (-0.5, z)]).values() == [-3, -6, -9])
    #expect(try x.values() == [1, 2, 3])
  }

  @Test("Rows are limited and scaled by factors of their own")
  func rows() throws {
    let x = tensor([1, -4, 3, 0.5], [2, 2])
    #expect(try x.scaledRows(by: [2, 10]).values() == [2, -8, 30, 5])
    #expect(try x.clampedRows(toLimits: [2, 1]).values() == [0.5, -1, 1, 0.5])
    #expect(try x.clamped(to: -1...1).values() == [1, -1, 1, 0.5])
    #expect(try x.scaled(by: -2).values() == [-2, 8, -6, -1])
  }

  @Test("Products transpose either factor")
  func products() throws {
    let a = tensor([1, 2, 3, 4, 5, 6], [2, 3])
    let b = tensor([1, 0, 0, 1, 1, 1], [3, 2])
    #expect(try a.multiplied(by: b).values() == [4, 5, 10, 11])
    #expect(try a.multiplied(by: a, transposingOther: true).values() == [14, 32, 32, 77])
    #expect(a.multiplied(by: a, transposingSelf: true, scale: 2).shape == [3, 3])
  }

  @Test("A softmax adds an offset to each column")
  func softmax() throws {
    let offsets = tensor([0, Float.greatestFiniteMagnitude * -1], [2])
    let values = try tensor([1, 1, 5, 9], [2, 2]).softmaxed(offsets: offsets).values()
    #expect(values == [1, 0, 1, 0])
  }

  @Test("FeatureMaps come back as the tensor that they were, scaled and shifted")
  func features() throws {
    let x = tensor([0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 2, 2])
    let features = x.featureMaps(scale: 2, shift: -1)
    #expect(features.shape == FeatureMapShape(batch: 1, channels: 2, height: 2, width: 2))
    #expect(try features.tensor().values() == [-1, 1, 3, 5, 7, 9, 11, 13])
    #expect(try features.downsampled().tensor().values() == [2, 10])
    #expect(features.upsampled().shape.height == 4)
  }

  @Test("A convolution reads joined features as one, in their order")
  func joined() throws {
    let (x, y) = (tensor([1, 2], [1, 1, 1, 2]).featureMaps(), tensor([10, 20], [1, 1, 1, 2]).featureMaps())
    let filter = Parameter(shape: [1, 2, 1, 1], values: [1, 0.5])
    let shape = ConvolutionShape(inputChannels: 2, outputChannels: 1, kernel: 1)
    let bias = Parameter(shape: [1], values: [100])
    #expect(try x.joined(with: y).convolved(with: filter, shape, bias: bias, scale: 2).tensor().values() == [212, 224])
  }

  @Test("Noise of a seed does not depend on the others")
  func noise() throws {
    let key = NoiseKey(step: 3)
    let both = try Tensor.noise([5], seeds: [7, 8], key: key, on: backend).values()
    #expect(try Tensor.noise([5], seeds: [8], key: key, on: backend).values() == Array(both[5...]))
  }
}
