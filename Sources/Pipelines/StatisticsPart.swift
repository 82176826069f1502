public import Datasets
import Evaluation
import Files
import HostMath
import Tensors

extension StatisticsRequest {
  /// The sums of one part of a data set, as a file that ``StatisticsMerge`` joins with the others'.
  ///
  /// - Parameters:
  ///   - shard: Which part; parts are cut at blocks of 1,024 images, and may be empty.
  ///   - source: All images, from the first on.
  ///   - half: Whether the statistics are going to be written in half precision.
  ///   - progress: Called with the images done.
  /// - Returns: The file, and the images of the part.
  /// - Throws: As ``statistics(of:progress:)`` does.
  public func part(
    _ shard: Shard, of source: any ImageSource, half: Bool, progress: (Int) -> Void = { _ in }
  ) throws -> (file: [UInt8], images: Int) {
    let labels = isPerClass ? try self.labels(of: source) : []
    var collector = try collector(source.shape, count: source.count, labels, path: source.path)
    let range = shard.blockRange(of: source.count)
    try source.skip(range.lowerBound)
    try collector.add(source, range: range, labels: labels, progress: progress)
    let counts = isPerClass ? try ImageStatisticsCollector.classCounts(of: labels, path: source.path) : []
    let header = PartHeader(
      .statistics, shard, total: source.count,
      [
        "channels": "\(source.shape.channels)", "height": "\(source.shape.height)", "width": "\(source.shape.width)",
        "rank": rank.map { "\($0)" } ?? "all", "half": "\(half)",
        "class_counts": counts.map { "\($0)" }.joined(separator: " "),
      ])
    var writer = SafetensorsWriter(metadata: header.metadata)
    for (place, state) in collector.states.enumerated() { state.add(to: &writer, prefix: "\(place)/") }
    return (writer.encoded(), range.count)
  }
}

/// Joins the parts of statistics.
///
/// Of images of 8 bits up to 4,096 values what is written is equal, byte for byte, to the statistics that one process writes; where
/// directions are kept, or values are of more bits, it is equal to about a millionth.
public struct StatisticsMerge {
  private let parts: PartFiles

  /// Opens parts, in any order.
  ///
  /// - Throws: ``MergeError`` if they are not all the parts of one data set, or `FileError`.
  public init(_ paths: [String]) throws {
    parts = try PartFiles(paths)
    guard parts.header.kind == .statistics else { throw MergeError.noPart(path: paths[0]) }
  }

  /// The statistics of all images, as a file.
  ///
  /// - Parameter memoryLimit: The bytes that may be taken.
  public func encoded(memoryLimit: Int = .max) throws -> (file: [UInt8], images: Int) {
    let facts = parts.header.facts, path = parts.files[0].file.path
    func number(_ name: String) throws -> Int {
      guard let value = facts[name].flatMap({ Int($0) }), (1...1 << 14).contains(value) else {
        throw FileError(path, "'\(name)' of its header is no number from 1 to \(1 << 14)")
      }
      return value
    }
    let shape = ImageShape(channels: try number("channels"), height: try number("height"), width: try number("width"))
    let rank = facts["rank"] == "all" ? nil : try number("rank")
    let counts = (facts["class_counts"] ?? "").split(separator: " ").compactMap { Int($0) }
    guard counts.count <= ClassStatistics.largestCount, counts.allSatisfy({ $0 >= 2 }),
      let size = product(of: [shape.channels, shape.height, shape.width]), size <= 1 << 26
    else { throw FileError(path, "its header is damaged") }
    try ImageStatisticsCollector.checkMemory(
      memoryLimit, shape: shape, rank: rank, count: parts.header.total, classCounts: counts, path: path)
    var whole = ImageStatisticsCollector(shape: shape, rank: rank, count: parts.header.total, classCounts: counts)
    for file in parts.files {
      let states = try whole.states.indices.map { try MomentAccumulator.State(file, prefix: "\($0)/") }
      guard whole.add(states) else { throw FileError(file.file.path, "holds other sums than its header tells of") }
    }
    guard whole.count == parts.header.total, whole.classCounts == counts else {
      throw FileError(path, "the parts hold other images than their headers tell of")
    }
    let file = try whole.statistics().encoded(
      basisType: facts["half"] == "true" ? .float16 : .float32, classes: whole.classStatistics())
    return (file, whole.count)
  }
}

extension MomentAccumulator.State {
  /// Adds the state to a file.
  fileprivate func add(to writer: inout SafetensorsWriter, prefix: String) {
    for (name, values) in [
      ("count", [Double(count)]), ("shift", shift), ("sum", sum), ("squares", [squares]), ("triangle", triangle),
      ("directions", directions), ("squared_weights", squaredWeights),
    ] {
      writer.add(prefix + name, shape: [values.count], doubles: values)
    }
  }

  /// Reads a state from a file.
  fileprivate init(_ file: SafetensorsFile, prefix: String) throws(FileError) {
    func values(_ name: String) throws(FileError) -> [Double] {
      guard let entry = file.entries[prefix + name], entry.type == .float64, entry.shape.count == 1 else {
        throw FileError(file.file.path, "tensor '\(prefix + name)' is missing, or is no list of F64")
      }
      let values = file.doubles(entry)
      // Sums of images are far smaller, and squares of these are finite.
      guard values.allSatisfy({ abs($0) < 1e100 }), !name.hasPrefix("squared") || values.allSatisfy({ $0 >= 0 }) else {
        throw FileError(file.file.path, "tensor '\(prefix + name)' holds values that no sum has")
      }
      return values
    }
    let count = try values("count"), squares = try values("squares")
    guard count.count == 1, let rows = Int(exactly: count[0]), squares.count == 1 else {
      throw FileError(file.file.path, "tensor '\(prefix)count' is no number of images")
    }
    self.init(
      count: rows, shift: try values("shift"), sum: try values("sum"), squares: squares[0],
      triangle: try values("triangle"), directions: try values("directions"),
      squaredWeights: try values("squared_weights"))
  }
}
