import Compute
import ComputeCPU
import Datasets
import Evaluation
import Files
import Foundation
import HostMath
import Models
import Networks
import Pipelines
import TestSupport
import Tensors

import Studies

/// A small scan: images of 8x8 values from a Gaussian world, and a classifier with initial weights.
struct ScanWorld {
  let folder: TemporaryFolder
  let backend: any Backend
  let model: ExactWorld
  let classifier: ClassifierModel
  static let shape = ImageShape(channels: 1, height: 8, width: 8)

  init() throws {
    folder = try TemporaryFolder()
    backend = try CPUBackend()
    var accumulator = MomentAccumulator(dimension: 64)
    let images = Self.images(200)
    accumulator.add(images)
    model = ExactWorld(
      name: "a Gaussian", .gaussian(ImageStatistics(shape: Self.shape, moments: accumulator.moments())))
    classifier = try Self.classifier(seed: 5)
    try OutputFile.write(NumpyArray(images, shape: [200, 1, 8, 8]).encoded(), to: folder.path("data.npy"))
  }

  static func classifier(seed: UInt64) throws -> ClassifierModel {
    var configuration = ClassifierConfiguration(
      inputChannels: 1, imageSize: .init(height: 8, width: 8),
      heads: [.init(name: "kind", classes: 3), .init(name: "size", classes: 5)])
    configuration.blockChannels = [4, 8]
    configuration.groups = 2
    configuration.layersPerBlock = 1
    return ClassifierModel(
      name: "small-classifier", network: try Classifier(configuration, parameters: InitialParameters(seed: seed)))
  }

  /// Smooth images within [-1, 1], with a little that is rough.
  static func images(_ count: Int) -> [Float] {
    (0..<count).flatMap { image -> [Float] in
      let (a, b) = (0.4 * sin(1.7 * Double(image)), 0.4 * sin(2.9 * Double(image) + 1))
      return (0..<64).map { place in
        let rough = sin(12.9898 * Double(place) + 78.233 * Double(image))
        return Float(a * Double(place / 8 - 4) / 4 + b * Double(place % 8 - 4) / 4 + 0.1 * rough)
      }
    }
  }

  var data: ScanReference.Images {
    get throws {
      let path = folder.path("data.npy")
      return try ScanReference.Images { try Dataset.open(path) }
    }
  }

  /// DDIM and PNDM at 3 and 2 steps from the prior, and late from two starts.
  static var settings: LateStartScanSettings {
    var settings = LateStartScanSettings(base: SamplingSettings(seeds: (0..<24).map { $0 }))
    settings.samplers = ["ddim", "pndm"]
    settings.steps = [3, 2]
    settings.starts = [.prior, .late(600), .late(300)]
    settings.kinds = [.gaussian, .noise]
    settings.bootstrap = Bootstrap(replicates: 20)
    return settings
  }

  func scan(
    _ settings: LateStartScanSettings = Self.settings, in name: String = "scan", classifier: ClassifierModel? = nil,
    version: String = "1"
  ) throws -> LateStartScan {
    try LateStartScan(
      model, settings, classifier: classifier ?? self.classifier, reference: ScanReference(data: data),
      in: folder.path(name), machine: .init(backend, .init()), version: version, on: backend)
  }
}
