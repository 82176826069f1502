public import Datasets
public import Files
package import HostMath
public import Tensors

/// Collects the statistics of images that come batch by batch: of all of them, and of each class.
///
/// The images themselves are not kept. ``memory(shape:rank:count:classCounts:)`` says what it takes, before anything is read.
public struct ImageStatisticsCollector {
  /// The extents of an image.
  public let shape: ImageShape
  /// Images so far.
  public private(set) var count = 0
  private var all: MomentAccumulator
  private var classes: [MomentAccumulator]

  /// A collector.
  ///
  /// - Parameters:
  ///   - shape: The extents of an image.
  ///   - rank: Directions to keep, or nil for all (512 above 4,096 values an image); never more than the images.
  ///   - count: Images that will come.
  ///   - classCounts: How many of each class, by label, or empty for no classes; see ``classCounts(of:path:)``.
  public init(shape: ImageShape, rank: Int? = nil, count: Int, classCounts: [Int] = []) {
    self.shape = shape
    all = MomentAccumulator(dimension: shape.count, rank: rank, count: count, ofBytes: true)
    classes = classCounts.map { MomentAccumulator(dimension: shape.count, rank: rank, count: $0, ofBytes: true) }
  }

  /// Adds images.
  ///
  /// - Parameters:
  ///   - images: Finite values in [-1, 1], one image after the other.
  ///   - labels: The class of each image, for a collector of classes.
  public mutating func add(_ images: [Float], labels: some Collection<Int>) {
    let size = shape.count
    precondition(classes.isEmpty || labels.count * size == images.count, "a class of each image is needed")
    all.add(images)
    count += images.count / size
    for label in classes.isEmpty ? [] : Set(labels) {
      var own: [Float] = []
      for (place, other) in labels.enumerated() where other == label {
        own += images[place * size..<(place + 1) * size]
      }
      classes[label].add(own)
    }
  }

  /// Adds all images of a source.
  ///
  /// - Parameters:
  ///   - source: The images, from its next one on.
  ///   - labels: The class of each image, for a collector of classes.
  ///   - progress: Called with the images done.
  /// - Throws: `FileError` if there are fewer than two images or values that are not finite, or an error of reading.
  public mutating func add(
    _ source: any ImageSource, labels: [Int] = [], progress: (Int) -> Void = { _ in }
  ) throws(FileError) {
    try add(source, range: 0..<Int.max, labels: labels, progress: progress)
    guard count >= 2 else { throw FileError(source.path, "holds \(count) images; a covariance takes at least two") }
  }

  /// Adds some images of a source, which stands at the first of them.
  ///
  /// - Parameters:
  ///   - source: The images.
  ///   - range: The places of the images in the source, at most to its end.
  ///   - labels: The class of each image of the source, for a collector of classes.
  ///   - progress: Called with the images done.
  public mutating func add(
    _ source: any ImageSource, range: Range<Int>, labels: [Int] = [], progress: (Int) -> Void = { _ in }
  ) throws(FileError) {
    var place = range.lowerBound
    while place < range.upperBound {
      let batch = try source.next(min(500, source.batchCount, range.upperBound - place))
      if batch.isEmpty { break }
      guard batch.allSatisfy(\.isFinite) else { throw FileError(source.path, "holds values that are not finite") }
      let end = place + batch.count / shape.count
      add(batch, labels: labels.isEmpty ? [] : labels[place..<end])
      place = end
      progress(count)
    }
  }

  /// Images of each class so far.
  package var classCounts: [Int] { classes.map(\.count) }

  /// What is held: of all images, and of each class.
  package var states: [MomentAccumulator.State] { ([all] + classes).map(\.state) }

  /// Adds what another collector of the same sizes held.
  ///
  /// - Returns: Whether it fits; if it does not, the collector is of no more use.
  package mutating func add(_ states: [MomentAccumulator.State]) -> Bool {
    guard states.count == classes.count + 1 else { return false }
    var others = ([all] + classes).map { $0.emptied() }
    for place in states.indices where !others[place].restore(states[place]) { return false }
    all.add(others[0])
    for place in classes.indices { classes[place].add(others[place + 1]) }
    count += states[0].count
    return true
  }

  /// The statistics of all images so far, at least two.
  public func statistics() -> ImageStatistics { ImageStatistics(shape: shape, moments: all.moments()) }

  /// The statistics of the classes so far, of at least two images each; nil for a collector of none.
  public func classStatistics() -> ClassStatistics? {
    classes.isEmpty ? nil : ClassStatistics(classes.map { ImageStatistics(shape: shape, moments: $0.moments()) })
  }
}

extension ImageStatisticsCollector {
  /// Images of each class, by label.
  ///
  /// - Parameters:
  ///   - labels: The class of each image.
  ///   - path: Where the images come from, for messages.
  /// - Throws: `FileError` naming the first class of fewer than two images.
  public static func classCounts(of labels: [Int], path: String) throws(FileError) -> [Int] {
    guard let largest = labels.max(), labels.allSatisfy({ (0..<ClassStatistics.largestCount).contains($0) }) else {
      throw FileError(
        path, "holds no labels from 0 to \(ClassStatistics.largestCount - 1), which statistics of classes need")
    }
    var counts = [Int](repeating: 0, count: largest + 1)
    for label in labels { counts[label] += 1 }
    if let label = counts.firstIndex(where: { $0 < 2 }) {
      throw FileError(
        path,
        "class \(label) has \(counts[label] == 1 ? "1 image" : "no images"); the covariance of a class takes at least two"
      )
    }
    return counts
  }

  /// Checks that a collector of the same sizes and its images fit into memory, before anything is read.
  ///
  /// - Throws: `FileError` naming the images, with what is needed and what is there.
  public static func checkMemory(
    _ available: Int, shape: ImageShape, rank: Int? = nil, count: Int, classCounts: [Int] = [], path: String
  ) throws(FileError) {
    let needed = memory(shape: shape, rank: rank, count: count, classCounts: classCounts)
    guard needed <= available else {
      throw FileError(
        path,
        "its statistics take about \(needed / 1_000_000) MB, and there are \(available / 1_000_000) MB; a smaller rank takes less"
      )
    }
  }

  /// The bytes that a collector of the same sizes takes, its result and a batch of images included.
  public static func memory(shape: ImageShape, rank: Int? = nil, count: Int, classCounts: [Int] = []) -> Int {
    let size = shape.count
    let parts = ([count] + classCounts).map { MomentAccumulator.memory(dimension: size, rank: rank, count: $0) }
    // Half the bits, but three times: the statistics, their tensors, and the file.
    let results = parts.reduce(0) { $0 + $1.result / 2 * 3 }
    let batch = 2 * 4 * max(size, min(500 * size, 1 << 24))
    return parts.reduce(0) { $0 + $1.held } + (parts.map(\.working).max() ?? 0) + results + batch
  }
}
