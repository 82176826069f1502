import Compute
import DiffusersFormat
import Files
import Networks
import TestSupport
import Testing

@Suite("Weights of FID's Inception")
struct InceptionWeightsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A file of a network with one layer of two channels, and whatever else.
  private func file(
    classes: [Int]? = [1008, 2048], mean: [Float] = [1, -2], variance: [Float] = [3.999, 0.249],
    _ more: (inout SafetensorsWriter) -> Void = { _ in }
  ) throws -> SafetensorsFile {
    var writer = SafetensorsWriter()
    if let classes {
      writer.add("fc.weight", shape: classes, values: .init(repeating: 0, count: classes.reduce(1, *)), as: .float16)
    }
    writer.add("a.conv.weight", shape: [2, 1, 1, 2], values: [1, 2, 3, 4])
    writer.add("a.bn.weight", shape: [2], values: [4, 0.5])
    writer.add("a.bn.bias", shape: [2], values: [10, 20])
    writer.add("a.bn.running_mean", shape: [2], values: mean)
    writer.add("a.bn.running_var", shape: [2], values: variance)
    more(&writer)
    try OutputFile.write(writer.encoded(), to: folder.path("w.safetensors"))
    return try SafetensorsFile(folder.path("w.safetensors"))
  }

  private func read(_ weights: InceptionWeights, _ shape: [Int] = [2, 1, 1, 2]) throws -> ([Float], [Float]) {
    (
      try weights.parameter("a.weight", shape: shape, initially: .constant(0)).values(),
      try weights.parameter("a.bias", shape: [2], initially: .constant(0)).values()
    )
  }

  @Test("A normalisation becomes part of the convolution before it")
  func folds() throws {
    let weights = try InceptionWeights(file())
    // The deviations are 2 and .5, so that the scales are 2 and 1.
    let (filter, bias) = try read(weights)
    for (value, wanted) in zip(filter + bias, [2, 4, 3, 4, 8, 22] as [Float]) { #expect(abs(value - wanted) < 1e-5) }
    try weights.checkAllRead()
  }

  @Test("Counters and the last layer are not needed; a tensor of another network is named")
  func unread() throws {
    let counted = try InceptionWeights(
      file {
        $0.add("a.bn.num_batches_tracked", shape: [1], values: [0]); $0.add("fc.bias", shape: [1], values: [0])
      })
    _ = try read(counted)
    try counted.checkAllRead()
    let other = try InceptionWeights(file { $0.add("AuxLogits.fc.bias", shape: [1], values: [0]) })
    _ = try read(other)
    #expect(throws: fault("is not FID's Inception, which has no tensor 'AuxLogits.fc.bias'")) {
      try other.checkAllRead()
    }
  }

  private func fault(_ text: String) -> FileError { FileError(folder.path("w.safetensors"), text) }

  @Test("Weights of torchvision's Inception, and of none, are refused by their last layer")
  func others() throws {
    let words = "is not FID's Inception: tensor 'fc.weight', of [1008, 2048] there, "
    #expect(throws: fault(words + "is of shape [1000, 2048]")) { try InceptionWeights(file(classes: [1000, 2048])) }
    #expect(throws: fault(words + "is missing")) { try InceptionWeights(file(classes: nil)) }
  }

  @Test("A tensor that is missing, of another shape or not finite is named")
  func faults() throws {
    func refusal(_ file: SafetensorsFile, _ body: (InceptionWeights) throws -> Void) throws -> String {
      let weights = try InceptionWeights(file)
      return try #require(#expect(throws: NetworkError.self) { try body(weights) }).fault
    }
    let missing = try refusal(file()) {
      _ = try $0.parameter("b.weight", shape: [2, 1, 1, 2], initially: .constant(0))
    }
    #expect(missing == "is not FID's Inception: tensor 'b.bn.weight' is missing")
    let shaped = try refusal(file()) { _ = try read($0, [2, 1, 2, 2]) }
    #expect(shaped == "is not FID's Inception: tensor 'a.conv.weight' has shape [2, 1, 1, 2], not [2, 1, 2, 2]")
    #expect(try refusal(file(mean: [1, .nan])) { _ = try read($0) } == "tensor 'a.bn.running_mean' holds nan")
    #expect(
      try refusal(file(variance: [1, -1])) { _ = try read($0) }
        == "tensor 'a.bn.running_var' holds -1.0, which is no variance")
  }
}
