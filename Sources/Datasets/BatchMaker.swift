import Random
import Tensors

/// Makes the batch of any step, as a function of (seed, step).
struct BatchMaker {
  private let data: ImageSet
  private let batch: Int
  private let augmentation: Augmentation
  private let seed: UInt64
  /// The order of the images in the latest epoch.
  private var permutation: (epoch: Int, order: [Int])?

  /// What makes the batches of a ``BatchLoader``.
  init(_ data: ImageSet, batch: Int, augmentation: Augmentation, seed: UInt64) {
    self.data = data
    self.batch = batch
    self.augmentation = augmentation
    self.seed = seed
  }

  /// The batch of a step.
  mutating func make(_ step: Int) -> TrainingBatch {
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

  private mutating func index(at position: Int) -> Int {
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
