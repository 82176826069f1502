import Compute
import Conformance
import Files
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

/// A U-Net with an input and the output that diffusers makes of it.
struct UNetCase: CustomTestStringConvertible {
  let folder: String
  let sample: NumpyArray
  let timesteps: [Double]
  let classLabels: [Double]?
  let expected: [Float]

  init(folder: String) throws {
    self.folder = folder
    sample = try NumpyArray(contentsOf: "\(folder)/sample.npy")
    timesteps = try NumpyArray(contentsOf: "\(folder)/timesteps.npy").floats.map(Double.init)
    let labels = "\(folder)/class_labels.npy"
    classLabels =
      FileManager.default.fileExists(atPath: labels)
      ? try NumpyArray(contentsOf: labels).floats.map(Double.init) : nil
    expected = try NumpyArray(contentsOf: "\(folder)/expected.npy").floats
  }

  var testDescription: String { (folder as NSString).lastPathComponent }

  /// The network's output in 32 bits.
  func output(of unet: UNet, on backend: any Backend = ReferenceBackend()) throws -> [Float] {
    let x = Tensor(sample.floats, shape: sample.shape, on: backend)
    return try unet(x, timesteps: timesteps, classLabels: classLabels).values()
  }

  /// The largest absolute difference over the largest absolute value of `expected`.
  static func distance(_ values: [Float], to expected: [Float]) -> Float {
    guard values.count == expected.count else { return .infinity }
    let scale = expected.map(abs).max() ?? 0
    // A NaN must not lose against a number in `max`.
    return zip(values, expected).map { abs($0 - $1) }.reduce(0) { $1 > $0 || $1.isNaN ? $1 : $0 } / scale
  }

  /// The cases whose weights are kept.
  static let stored = ["class-conditional", "ddpm-cifar-like", "scale-shift", "tutorial-defaults"]
    .map { Fixtures.path("unet-\($0)") }
  /// The cases whose weights follow from a seed.
  static let kinds = folders(in: Fixtures.path("unet-kinds"))
  /// Cases outside of the repository, to be run on request.
  static let others = ProcessInfo.processInfo.environment["DIFFUSE_UNET_CASES"].map(folders) ?? []

  private static func folders(in path: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    return names.sorted().map { "\(path)/\($0)" }.filter { FileManager.default.fileExists(atPath: "\($0)/unet") }
  }
}
