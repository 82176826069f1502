import Datasets
import Evaluation
import Files
import Random
import Tensors
import TestSupport
import Testing

@Suite("Statistics of classes")
struct ClassStatisticsTests {
  private let shape = ImageShape(channels: 1, height: 2, width: 3)
  private let labels = (0..<90).map { $0 % 9 < 6 ? 0 : $0 % 9 < 8 ? 2 : 1 }

  /// Images whose mean and spread depend on their class.
  private func images() -> [Float] {
    var generator = TorchGenerator(seed: 2)
    let normals = generator.normal(count: 90 * shape.count)
    return normals.indices.map { 0.2 * Float(labels[$0 / 6]) - 0.3 + 0.1 * Float(1 + labels[$0 / 6]) * normals[$0] }
  }

  private func collected(_ images: [Float], batches: [Int]) throws -> (all: ImageStatistics, classes: ClassStatistics) {
    let counts = try ImageStatisticsCollector.classCounts(of: labels, path: "images")
    #expect(counts == [60, 10, 20])
    var collector = ImageStatisticsCollector(shape: shape, count: 90, classCounts: counts)
    var start = 0
    for batch in batches {
      collector.add(Array(images[start * 6..<(start + batch) * 6]), labels: labels[start..<start + batch])
      start += batch
    }
    return (collector.statistics(), try #require(collector.classStatistics()))
  }

  @Test("Those of a class are those of its images alone, whatever the batches", arguments: [[90], [1, 40, 49]])
  func alone(batches: [Int]) throws {
    let images = images(), classes = try collected(images, batches: batches).classes
    for label in 0..<3 {
      let own = labels.indices.filter { labels[$0] == label }
      var collector = ImageStatisticsCollector(shape: shape, count: own.count)
      collector.add(own.flatMap { images[$0 * 6..<($0 + 1) * 6] }, labels: [])
      let (found, expected) = (try classes.statistics(of: label), collector.statistics())
      #expect(found.count == own.count && found.rank == expected.rank)
      #expect(zip(found.mean, expected.mean).allSatisfy { abs($0 - $1) < 1e-6 })
      #expect(zip(found.eigenvalues, expected.eigenvalues).allSatisfy { abs($0 - $1) < 1e-12 })
    }
  }

  @Test("Mixed by their shares they have the mean and the covariance of all images")
  func mixture() throws {
    let (all, classes) = try collected(images(), batches: [90])
    #expect(zip(classes.shares, [2 / 3.0, 1 / 9.0, 2 / 9.0]).allSatisfy { abs($0 - $1) < 1e-15 })
    let parts = try (0..<3).map { try classes.statistics(of: $0) }
    for place in 0..<6 {
      let mean = zip(classes.shares, parts).reduce(0) { $0 + $1.0 * Double($1.1.mean[place]) }
      #expect(abs(mean - Double(all.mean[place])) < 1e-6)
    }
    // Squares about the common mean: those within the classes, and those of their means.
    var squares = 0.0
    for part in parts {
      squares += part.totalVariance * Double(part.count - 1)
      let distance = zip(part.mean, all.mean).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
      squares += distance * Double(part.count)
    }
    #expect(abs(squares / (all.totalVariance * 89) - 1) < 1e-6)
  }

  @Test("They come back from a file, which is still one of all images, and a file without them has none")
  func file() throws {
    let folder = try TemporaryFolder(), (all, classes) = try collected(images(), batches: [90])
    let origin = ImageOrigin(text: "ninety normals", record: "{}")
    try OutputFile.write(all.encoded(classes: classes, origin: origin), to: folder.path("classes.safetensors"))
    try OutputFile.write(all.encoded(), to: folder.path("all.safetensors"))
    let file = try SafetensorsFile(folder.path("classes.safetensors"))
    #expect(try ImageStatistics(file).mean == all.mean)
    #expect(try ImageStatisticsSummary(file) == ImageStatisticsSummary(all, classes: classes, origin: origin))
    let read = try #require(try ClassStatistics(file))
    #expect(read.counts == [60, 10, 20] && read.shape == shape)
    for label in 0..<3 {
      #expect(try read.statistics(of: label).basis == classes.statistics(of: label).basis)
      #expect(try read.statistics(of: label).count == classes.counts[label])
    }
    let old = try SafetensorsFile(folder.path("all.safetensors"))
    #expect(try ClassStatistics(old) == nil)
    #expect(try ImageStatisticsSummary(old).origin == nil && ImageStatisticsSummary(old).classCounts.isEmpty)
  }

  @Test("A file that lacks a class names the tensor", arguments: ["60 10 20", "60 1", "60 x", "60 -3"])
  func damaged(counts: String) throws {
    let folder = try TemporaryFolder(), all = try collected(images(), batches: [90]).all
    var writer = SafetensorsWriter(metadata: [
      "count": "90", "channels": "1", "height": "2", "width": "3", "class_counts": counts,
    ])
    writer.add("mean", shape: [6], values: all.mean)
    writer.add("eigenvalues", shape: [0], values: [])
    writer.add("basis", shape: [0, 6], values: [])
    writer.add("remainder", shape: [1], values: [1])
    try OutputFile.write(writer.encoded(), to: folder.path("s.safetensors"))
    let error = #expect(throws: FileError.self) {
      _ = try ClassStatistics(SafetensorsFile(folder.path("s.safetensors")))?.statistics(of: 1)
    }
    #expect(error?.description.contains(counts == "60 10 20" ? "class.1.eigenvalues" : "class_counts") == true)
  }

  @Test(
    "A class of fewer than two images is named", arguments: [([0, 0, 1], "class 1 "), ([0, 0, 2, 2], "class 1 ")])
  func few(labels: [Int], name: String) {
    let error = #expect(throws: FileError.self) {
      try ImageStatisticsCollector.classCounts(of: labels, path: "images")
    }
    #expect(error?.description.contains(name) == true)
  }

  @Test("Classes drawn by seeds come in their shares")
  func shares() throws {
    let classes = try collected(images(), batches: [90]).classes
    let count = 20_000, labels = (0..<UInt64(count)).map { classes.label(ofSeed: $0) }
    for (label, share) in classes.shares.enumerated() {
      let found = Double(labels.filter { $0 == label }.count) / Double(count)
      #expect(abs(found - share) < 4 * (share * (1 - share) / Double(count)).squareRoot(), "\(label): \(found)")
    }
  }

  @Test("Memory is checked before anything is read, and says what it takes")
  func memory() throws {
    let large = ImageShape(channels: 3, height: 256, width: 256)
    let needed = ImageStatisticsCollector.memory(shape: large, rank: 128, count: 1000)
    #expect((700_000_000...1_100_000_000).contains(needed))
    try ImageStatisticsCollector.checkMemory(needed, shape: large, rank: 128, count: 1000, path: "images")
    let error = #expect(throws: FileError.self) {
      try ImageStatisticsCollector.checkMemory(needed - 1, shape: large, rank: 128, count: 1000, path: "images")
    }
    #expect(error?.description.contains("\(needed / 1_000_000) MB") == true)
    let classes = ImageStatisticsCollector.memory(
      shape: ImageShape(channels: 3, height: 64, width: 64), rank: 128, count: 60_000,
      classCounts: .init(repeating: 6000, count: 10))
    #expect(classes < 700_000_000)
  }
}
