import Datasets
import DiffuseGPU
import Foundation

/// What `merge` reads of statistics and features.
extension Parser {
  static let shards: [Parser] = [
    Parser("statistics-part") {
      try [false, true].map { isPerClass in
        var request = StatisticsRequest(rank: 3)
        request.isPerClass = isPerClass
        return try request.part(Shard(index: 0, count: 1), of: Levels(), half: isPerClass).file
      }
    } read: { bytes in
      let merged = try withFile("input.safetensors", bytes) {
        try StatisticsMerge([$0]).encoded(memoryLimit: 1 << 26)
      }
      try BrokenPromise.unless(merged.images >= 2, "statistics are of two images at least")
      _ = try merged.file.withUnsafeBytes { bytes in
        try withFile("statistics.safetensors", bytes) { try ImageStatistics(SafetensorsFile($0)) }
      }
    },
    Parser("feature-part") {
      ["features", "reference"].map { kind in
        var writer = SafetensorsWriter(metadata: [
          "format": "diffuse-gpu part 1", "kind": kind, "part": "0/1", "images": "3", "network": "a classifier",
          "sha256": "0123", "dimension": "2", "rows": kind == "features" ? "all" : "2",
          "questions": #"[{"name": "side", "classCount": 2}]"#,
        ])
        writer.add("features", shape: [3, 2], values: [0, 1, 2, 3, 5, 8])
        writer.add("logits_0", shape: [3, 2], values: [0, 1, 1, 0, 2, -2])
        return writer.encoded()
      }
    } read: { bytes in
      let merged = try withFile("input.safetensors", bytes) { try FeatureMerge([$0]).encoded(for: "x.npz") }
      try BrokenPromise.unless(merged.images >= 2, "features are of two images at least")
    },
    Parser("feature-archive") {
      var accumulator = FeatureAccumulator(dimension: 2, count: 3, questions: [("side", 2)])
      accumulator.add([0, 1, 2, 3, 4, 7], logits: [[0, 1, 1, 0, 0, 2]])
      return [try accumulator.set().archive(path: "f.npz", by: .init(name: "a classifier", sha256: "0123"))]
    } read: { bytes in
      let set = try withFile("input.npz", bytes) {
        try FeatureSet(
          archive: $0, by: .init(name: "a classifier", sha256: "0123"), dimension: 2, questions: [("side", 2)])
      }
      try BrokenPromise.unless(set.rows.allSatisfy(\.isFinite), "features are finite")
    },
  ]
}

/// Six images of three values in two classes.
private final class Levels: ImageSource {
  let path = "levels", count = 6
  let shape = ImageShape(channels: 1, height: 1, width: 3)
  private var place = 0

  func next(_ count: Int) -> [Float] {
    let range = place..<min(self.count, place + count)
    place = range.upperBound
    return range.flatMap { image in (0..<3).map { Float((image * 89 + $0 * 37) % 256) / 127.5 - 1 } }
  }

  func labels() -> [Int]? { (0..<count).map { $0 % 2 } }
}
