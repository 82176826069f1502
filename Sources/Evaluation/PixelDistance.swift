public import Datasets
public import HostMath
import Tensors

/// The Frechet distance of images to a data set in the space of their pixels.
///
/// It compares means and covariances of the pixels themselves, in 8 bits of [-1, 1] (`inEightBits`), with no network in between: two sets that agree in
/// it may still look different, so it is no substitute for a distance of embeddings. It needs no weights, is exact for
/// Gaussians, and shows at once whether a sampler keeps brightness, contrast and variety. Like every Frechet distance of estimated
/// moments it is biased upwards, by about `reference.frechetBias(count:)` for samples of the reference itself, so that only distances at
/// equal counts compare.
///
/// - Parameters:
///   - images: The images, one after the other.
///   - limit: Images to take from the beginning, or nil for all.
///   - reference: The moments of the data set.
/// - Returns: The distance, the number of images, and the part of their variance outside of the directions that were kept.
/// - Throws: An error of reading, or if there are fewer than two images, they are of another size, or the directions of both sets
///   together are too many to compute with.
public func pixelFrechetDistance(
  of images: any ImageSource, count limit: Int? = nil, to reference: Moments
) throws -> (distance: Double, count: Int, leftOut: Double) {
  guard images.shape.count == reference.dimension else {
    throw EvaluationError.otherSize(
      path: images.path, values: images.shape.count, expected: reference.dimension)
  }
  // Few images keep all their directions, so that nothing of them is left out.
  let expected = min(images.count, limit ?? .max)
  let rank = reference.dimension <= MomentAccumulator.denseLimit || expected > exactCount ? nil : expected
  var accumulator = MomentAccumulator(dimension: reference.dimension, rank: rank, count: expected, ofBytes: true)
  let order = min(reference.dimension, reference.rank + accumulator.rank)
  guard order <= largestOrder else {
    throw EvaluationError.tooManyDirections(path: images.path, order: order, largest: largestOrder)
  }
  var count = 0
  while count < expected {
    let batch = try images.next(min(500, images.batchCount, expected - count))
    if batch.isEmpty { break }
    guard batch.allSatisfy(\.isFinite) else { throw EvaluationError.notFinite(path: images.path) }
    accumulator.add(inEightBits(batch))
    count += batch.count / reference.dimension
  }
  guard count >= 2 else { throw EvaluationError.tooFewImages(path: images.path, count: count, needed: 2) }
  let moments = accumulator.moments()
  return (frechetDistance(moments, reference), count, moments.shareOutside)
}

/// The most images of many values whose covariance is kept whole, by their directions.
private let exactCount = 2048
/// The largest matrix of a distance: 2 GB, and several of them are needed at once.
private let largestOrder = 1 << 14
