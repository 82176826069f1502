import Compute
import Testing

@Suite("Shapes of convolutions")
struct ConvolutionShapeTests {
  @Test("A 3x3 convolution with padding 1 keeps the size")
  func keepsSize() {
    let shape = ConvolutionShape(inputChannels: 3, outputChannels: 16, kernel: 3, padding: .all(1))
    #expect(
      shape.output(for: .init(batch: 2, channels: 3, height: 7, width: 11))
        == .init(batch: 2, channels: 16, height: 7, width: 11))
  }

  @Test(
    "A downsampling convolution halves, whichever side the padding is on",
    arguments: [Padding.all(1), Padding(top: 0, bottom: 1, left: 0, right: 1)])
  func halves(padding: Padding) {
    let shape = ConvolutionShape(inputChannels: 4, outputChannels: 4, kernel: 3, stride: 2, padding: padding)
    #expect(
      shape.output(for: .init(batch: 1, channels: 4, height: 32, width: 28))
        == .init(batch: 1, channels: 4, height: 16, width: 14))
  }

  @Test("A convolution that doubles its input counts the products of the doubled image")
  func countsDoubledProducts() {
    let shape = ConvolutionShape(
      inputChannels: 2, outputChannels: 5, kernel: 3, padding: .all(1), upsamplesInput: true)
    let input = FeatureMapShape(batch: 3, channels: 2, height: 4, width: 6)
    #expect(shape.output(for: input) == .init(batch: 3, channels: 5, height: 8, width: 12))
    #expect(shape.floatingPointOperations(for: input) == 2 * 3 * 5 * 8 * 12 * 2 * 9)
  }
}
