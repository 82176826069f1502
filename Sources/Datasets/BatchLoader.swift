import Foundation
public import Tensors

/// Images of one step of training with their labels, all of them or a part.
public struct TrainingBatch: Sendable {
  /// Values in [-1, 1], `[batch, channels, height, width]`.
  public var images: [Float]
  /// The extents of an image.
  public var shape: ImageShape
  /// The labels of the images, one list for each kind of label.
  public var labels: [[Int]]
  /// The places of the images in the data set.
  public var indices: [Int]
  /// The places of the images in the step's whole batch, by which everything random is drawn.
  public private(set) var places: Range<Int>
  /// Images of the step's whole batch.
  public private(set) var stepCount: Int

  /// A whole batch.
  public init(images: [Float], shape: ImageShape, labels: [[Int]], indices: [Int]) {
    self.images = images
    self.shape = shape
    self.labels = labels
    self.indices = indices
    (places, stepCount) = (0..<indices.count, indices.count)
  }

  /// One of several equal parts of a whole batch.
  public func part(_ part: Int, of count: Int) -> TrainingBatch {
    precondition(places == 0..<stepCount && stepCount % count == 0, "\(count) equal parts of \(places) of \(stepCount)")
    guard count > 1 else { return self }
    let length = stepCount / count, range = part * length..<(part + 1) * length
    var result = TrainingBatch(
      images: Array(images[range.lowerBound * shape.count..<range.upperBound * shape.count]), shape: shape,
      labels: labels.map { Array($0[range]) }, indices: Array(indices[range]))
    (result.places, result.stepCount) = (range, stepCount)
    return result
  }
}

/// The augmentation of an image.
public struct Augmentation: Sendable, Hashable {
  /// Whether half of the images are mirrored.
  public var flips: Bool
  /// By how many pixels images are moved at most, in each direction; what moves in is black.
  public var shift: Int
  /// Whether uniform noise dequantizes each byte within its own interval.
  public var dequantizes: Bool

  /// An augmentation; by default none.
  public init(flips: Bool = false, shift: Int = 0, dequantizes: Bool = false) {
    self.flips = flips
    self.shift = shift
    self.dequantizes = dequantizes
  }
}

/// Batches of a data set in a random order, made ahead of their use on a thread of their own.
///
/// Which images a step shows, and how, is a function of (seed, step): each epoch is a permutation of the data set, and epochs
/// follow each other without a gap, so a batch may hold the end of one and the beginning of the next. The thread ends with
/// the loader.
public final class BatchLoader: Sendable {
  /// The data set.
  public let data: ImageSet
  /// Images of a batch.
  public let batch: Int

  private let queue = BatchQueue(capacity: 4)

  /// A loader whose first batch is that of a step.
  ///
  /// - Parameters:
  ///   - data: The images.
  ///   - batch: Images of a batch.
  ///   - augmentation: The augmentation of each.
  ///   - seed: The seed of order and augmentation.
  ///   - step: The step of the first batch.
  public init(_ data: ImageSet, batch: Int, augmentation: Augmentation = .init(), seed: UInt64, from step: Int = 0) {
    precondition(batch > 0, "a batch holds an image")
    self.data = data
    self.batch = batch
    let maker = BatchMaker(data, batch: batch, augmentation: augmentation, seed: seed)
    // The thread holds the queue and not the loader, which would otherwise live for as long as the thread waits.
    let thread = Thread { [queue] in
      var maker = maker, step = step
      while queue.append(maker.make(step)) { step += 1 }
    }
    thread.name = "batches"
    thread.start()
  }

  deinit { queue.end() }

  /// The next batch, or nil once the loader has ended; waits only if the device is faster than the host.
  public func next() -> TrainingBatch? { queue.next() }

  /// Ends the thread, and a ``next()`` that waits; batches that are ready are forgotten.
  public func end() { queue.end() }
}
