public import Files
import Random
public import Tensors

/// Mean and covariance of the images of each class of a set, and the classes' shares.
///
/// In a file of statistics they follow those of all images: the tensors of ``ImageStatistics`` with `class.LABEL.` before their names,
/// and in the metadata `class_counts`, the images of each class. Out of a file a class is read when it is asked for.
public struct ClassStatistics {
  /// The extents of the images.
  public let shape: ImageShape
  /// Images of each class, by label, at least two.
  public let counts: [Int]

  private enum Storage {
    case values([ImageStatistics])
    case file(SafetensorsFile)
  }

  private let storage: Storage

  /// The most classes.
  public static let largestCount = 65_536

  /// The statistics of classes, in the order of their labels from 0; at least one.
  public init(_ classes: [ImageStatistics]) {
    guard let shape = classes.first?.shape, classes.allSatisfy({ $0.shape == shape }) else {
      preconditionFailure("classes of images of one shape are needed")
    }
    self.shape = shape
    counts = classes.map(\.count)
    storage = .values(classes)
  }

  /// The statistics of classes of a file of statistics, or nil if it holds none.
  ///
  /// - Throws: `FileError` if it is no file of statistics.
  public init?(_ file: SafetensorsFile) throws(FileError) {
    let summary = try ImageStatisticsSummary(file)
    guard !summary.classCounts.isEmpty else { return nil }
    (shape, counts) = (summary.shape, summary.classCounts)
    storage = .file(file)
  }

  /// How many classes there are.
  public var count: Int { counts.count }

  /// The share of each class in the images, by label; they sum up to one.
  public var shares: [Double] {
    let total = counts.reduce(0.0) { $0 + Double($1) }
    return counts.map { Double($0) / total }
  }

  /// The statistics of a class.
  ///
  /// - Parameter label: A label below ``count``.
  /// - Throws: `FileError` if the file is damaged.
  public func statistics(of label: Int) throws(FileError) -> ImageStatistics {
    switch storage {
    case .values(let classes): classes[label]
    case .file(let file):
      try ImageStatistics(file, prefix: Self.prefix(label), shape: shape, count: counts[label])
    }
  }

  /// The class of a sample that is asked for without one, drawn by the shares.
  ///
  /// A function of the sample's seed alone, from a stream of its own on the host: the same in every batch and on every device.
  public func label(ofSeed seed: UInt64) -> Int {
    var generator = SplitMix(seed: seed, 4)
    var rest = generator.uniform()
    let shares = shares
    return shares.firstIndex { share in
      rest -= share
      return rest < 0
    } ?? counts.count - 1
  }

  /// What stands before the names of a class's tensors.
  static func prefix(_ label: Int) -> String { "class.\(label)." }
}
