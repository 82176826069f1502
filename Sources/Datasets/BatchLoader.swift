import Foundation
import Random
public import Tensors

/// Images of one step of training with their labels.
public struct TrainingBatch: Sendable {
  /// Values in [-1, 1], `[batch, channels, height, width]`.
  public var images: [Float]
  /// The extents of an image.
  public var shape: ImageShape
  /// The labels of the images, one list for each kind of label.
  public var labels: [[Int]]
  /// The places of the images in the data set.
  public var indices: [Int]

  /// A batch.
  public init(images: [Float], shape: ImageShape, labels: [[Int]], indices: [Int]) {
    self.images = images
    self.shape = shape
    self.labels = labels
    self.indices = indices
  }
}

/// What is done to an image before it is shown to a network.
public struct Augmentation: Sendable, Hashable {
  /// Whether half of the images are mirrored.
  public var flips: Bool
  /// By how many pixels images are moved at most, in each direction; what moves in is black.
  public var shift: Int
  /// Whether each byte is spread over the interval that it stands for.
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
/// follow each other without a gap, so a batch may hold the end of one and the beginning of the next.
public final class BatchLoader: @unchecked Sendable {
  /// The data set.
  public let data: ImageSet
  /// Images of a batch.
  public let batch: Int

  private let augmentation: Augmentation
  private let seed: UInt64
  private let ahead = 4

  // Guarded by `condition`.
  private let condition = NSCondition()
  private var ready: [TrainingBatch] = []
  private var isEnded = false
  // The worker's own.
  private var permutation: (epoch: Int, order: [Int])?

  /// A loader whose first batch is that of a step.
  ///
  /// - Parameters:
  ///   - data: The images.
  ///   - batch: Images of a batch.
  ///   - augmentation: What is done to each.
  ///   - seed: The seed of order and augmentation.
  ///   - step: The step of the first batch.
  public init(_ data: ImageSet, batch: Int, augmentation: Augmentation = .init(), seed: UInt64, from step: Int = 0) {
    precondition(batch > 0, "a batch holds an image")
    self.data = data
    self.batch = batch
    self.augmentation = augmentation
    self.seed = seed
    let thread = Thread { [weak self] in
      var step = step
      while let loader = self, loader.makeNext(step) { step += 1 }
    }
    thread.name = "batches"
    thread.start()
  }

  /// The next batch; waits only if the device is faster than the host.
  public func next() -> TrainingBatch {
    condition.lock()
    defer { condition.unlock() }
    while ready.isEmpty { condition.wait() }
    condition.broadcast()
    return ready.removeFirst()
  }

  /// Ends the thread.
  public func end() {
    condition.lock()
    isEnded = true
    condition.broadcast()
    condition.unlock()
  }

  /// Makes a batch and waits until there is room for it; false at the end.
  private func makeNext(_ step: Int) -> Bool {
    let batch = make(step)
    condition.lock()
    defer { condition.unlock() }
    while ready.count >= ahead, !isEnded { condition.wait() }
    guard !isEnded else { return false }
    ready.append(batch)
    condition.broadcast()
    return true
  }

  private func make(_ step: Int) -> TrainingBatch {
    let indices = (0..<batch).map { index(at: step * batch + $0) }
    let size = data.shape.count
    var generator = SplitMix(seed: seed, 2, UInt64(step))
    let images = [Float](unsafeUninitializedCapacity: batch * size) { values, count in
      for (place, index) in indices.enumerated() {
        let image = UnsafeMutableBufferPointer(rebasing: values[place * size..<(place + 1) * size])
        data.copy(index, into: image)
        augment(image, &generator)
      }
      count = batch * size
    }
    return .init(
      images: images, shape: data.shape, labels: data.labels.map { labels in indices.map { labels[$0] } },
      indices: indices)
  }

  private func index(at position: Int) -> Int {
    let (epoch, place) = position.quotientAndRemainder(dividingBy: data.count)
    if permutation?.epoch != epoch {
      var generator = SplitMix(seed: seed, 1, UInt64(epoch))
      permutation = (epoch, (0..<data.count).shuffled(using: &generator))
    }
    return permutation?.order[place] ?? place
  }

  private func augment(_ image: UnsafeMutableBufferPointer<Float>, _ generator: inout SplitMix) {
    let shape = data.shape
    if augmentation.flips, generator.next() & 1 == 1 {
      for row in 0..<shape.channels * shape.height {
        var line = UnsafeMutableBufferPointer(rebasing: image[row * shape.width..<(row + 1) * shape.width])
        line.reverse()
      }
    }
    if augmentation.shift > 0 {
      let range = -augmentation.shift...augmentation.shift
      move(image, by: (Int.random(in: range, using: &generator), Int.random(in: range, using: &generator)))
    }
    if augmentation.dequantizes {
      for place in image.indices { image[place] += Float((generator.uniform() - 0.5) / 127.5) }
    }
  }

  private func move(_ image: UnsafeMutableBufferPointer<Float>, by offset: (rows: Int, columns: Int)) {
    let shape = data.shape, original = Array(image)
    for channel in 0..<shape.channels {
      for y in 0..<shape.height {
        for x in 0..<shape.width {
          let (row, column) = (y - offset.rows, x - offset.columns)
          let isInside = 0..<shape.height ~= row && 0..<shape.width ~= column
          image[(channel * shape.height + y) * shape.width + x] =
            isInside ? original[(channel * shape.height + row) * shape.width + column] : -1
        }
      }
    }
  }
}
