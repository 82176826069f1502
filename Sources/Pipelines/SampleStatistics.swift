public import Datasets
public import Evaluation
import Files
import Models
import Tensors

/// Which statistics of images are wanted, and how much memory they may take.
public struct StatisticsRequest: Sendable, Hashable {
  /// Directions to keep, or nil for all (512 above 4,096 values an image).
  public var rank: Int?
  /// Whether each class gets statistics of its own.
  public var isPerClass = false
  /// The kind of label that makes the classes of data with several, counted from 0; nil for the last.
  public var label: Int?
  /// The bytes that may be taken.
  public var memoryLimit: Int

  /// A request for the statistics of all images.
  public init(rank: Int? = nil, memoryLimit: Int = .max) {
    self.rank = rank
    self.memoryLimit = memoryLimit
  }

  /// Mean and covariance of the images of a data set, in one pass.
  ///
  /// - Parameters:
  ///   - source: The images, from the first on.
  ///   - progress: Called with the images done.
  /// - Throws: `FileError` naming what is wrong with the images, a class of fewer than two of them, or too little memory, before
  ///   any is read; ``PipelineError/label(kind:data:kinds:)``.
  public func statistics(
    of source: any ImageSource, progress: (Int) -> Void = { _ in }
  ) throws -> (all: ImageStatistics, classes: ClassStatistics?) {
    let labels = isPerClass ? try self.labels(of: source) : []
    var collector = try collector(source.shape, count: source.count, labels, path: source.path)
    try collector.add(source, labels: labels, progress: progress)
    return (collector.statistics(), collector.classStatistics())
  }

  func labels(of source: any ImageSource) throws -> [Int] {
    let sets = try source.labelSets()
    let labels = label.map { sets.indices.contains($0) ? sets[$0] : [] } ?? sets.last
    guard let labels else { throw FileError(source.path, "holds no labels, which statistics of classes need") }
    guard !labels.isEmpty else {
      throw PipelineError.label(kind: label ?? 0, data: source.path, kinds: sets.count)
    }
    guard labels.count == source.count else {
      throw FileError(source.path, "holds \(labels.count) labels for \(source.count) images")
    }
    return labels
  }

  /// A collector of images, once it is known to fit into memory.
  func collector(
    _ shape: ImageShape, count: Int, _ labels: [Int], path: String
  ) throws(FileError) -> ImageStatisticsCollector {
    let counts = isPerClass ? try ImageStatisticsCollector.classCounts(of: labels, path: path) : []
    guard count >= 2 else { throw FileError(path, "\(count) images are too few; a covariance takes at least two") }
    try ImageStatisticsCollector.checkMemory(
      memoryLimit, shape: shape, rank: rank, count: count, classCounts: counts, path: path)
    return ImageStatisticsCollector(shape: shape, rank: rank, count: count, classCounts: counts)
  }
}

extension SamplingPipeline {
  /// Mean and covariance of the model's own samples, for late starts where the data are not at hand.
  ///
  /// The samples are rounded to the 8 bits of pictures first, so that the statistics are those of the folder of pictures that the same
  /// run writes. They are not kept.
  ///
  /// - Parameters:
  ///   - request: Which statistics; their memory comes on top of the device's.
  ///   - shouldStop: Asked before every step.
  ///   - progress: Called after every step.
  /// - Returns: The statistics, or nil for a run that was stopped.
  /// - Throws: What ``run(shouldStop:progress:finished:)`` throws, ``PipelineError/noSampleClasses`` for a run without classes, or
  ///   `FileError` naming a class of fewer than two samples, or too little memory.
  public func statistics(
    _ request: StatisticsRequest, shouldStop: () -> Bool = { false }, progress: (Progress) throws -> Void = { _ in }
  ) throws -> (all: ImageStatistics, classes: ClassStatistics?)? {
    let seeds = settings.seeds
    guard let labels = request.isPerClass ? settings.labels(of: seeds.indices) : [] else {
      throw PipelineError.noSampleClasses
    }
    var collector = try request.collector(imageShape, count: seeds.count, labels, path: model.name)
    let summary = try run(shouldStop: shouldStop, progress: progress) { images in
      let places = labels.isEmpty ? 0..<0 : images.seeds.indices
      collector.add(inEightBits(images.values), labels: labels[places])
    }
    return summary.wasStopped ? nil : (collector.statistics(), collector.classStatistics())
  }

  /// What a file of statistics says of the samples that they are of.
  ///
  /// - Parameter record: The record of the run.
  public func origin(_ record: RunRecord) -> ImageOrigin {
    let seeds = SeedRanges(settings.seeds)
    return ImageOrigin(
      text:
        "\(settings.seeds.count) samples of \(model.name), \(steps) steps of \(schedulerName), seeds \(seeds)",
      record: record.json.text)
  }
}
