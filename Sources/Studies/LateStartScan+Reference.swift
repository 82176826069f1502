import Compute
import Datasets
import Evaluation
import Files
import HostMath
import Models
import Pipelines
import Tensors

extension LateStartScan {
  /// What samples are compared with: known features, or those of the data, which are kept like a cell.
  ///
  /// - Parameter progress: Called with the images done.
  func referenceFeatures(_ progress: (Int) -> Void) throws -> FeatureReference {
    let images: ScanReference.Images
    switch reference.origin {
    case .features(let features, _, _): return features
    case .images(let own): images = own
    }
    let count = reference.other == nil ? images.count / 2 : images.count
    let cell = try store.cell("reference", ["images": count]), path = store.path(of: cell, "safetensors")
    _ = try store.result(of: cell, with: ["safetensors"]) {
      let set = try classifier.features(of: images.open(), on: backend, count: count, rowLimit: 0, progress: progress)
      try OutputFile.write(FeatureReference(set, by: try classifier.extractor).encoded(), to: path)
      return count
    }
    // What is read back is what later runs of the scan read.
    return try FeatureReference(contentsOf: path)
  }

  /// The features of as many real images as there are samples.
  func realFeatures() throws -> FeatureSet {
    let count = settings.base.seeds.count
    if let other = reference.other { return try classifier.features(of: other.open(), on: backend, count: count) }
    switch reference.origin {
    case .images(let images):
      let source = try images.open()
      var left = images.count / 2
      while left > 0 { left -= try source.next(min(left, source.batchCount)).count / source.shape.count }
      return try classifier.features(of: source, on: backend, count: count)
    case .features(let features, _, _):
      var accumulator = FeatureAccumulator(dimension: features.moments.dimension, count: count)
      accumulator.add(Array(features.rows[..<(count * features.moments.dimension)]))
      return accumulator.set()
    }
  }
}
