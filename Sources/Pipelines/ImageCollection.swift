public import Compute
public import Datasets
public import Diffusion
public import Files

/// All images of a data set, whose exact score can take a network's place.
///
/// The denoiser of a finite set of data is the posterior mean over its images (Raya and Ambrogioni 2023): samples
/// end on images of the set, which is what a network that had learned it by heart would do.
public struct ImageCollection: Sendable {
  /// Where the images come from, for messages.
  public let path: String
  /// The images' extents.
  public let shape: ImageShape
  /// Images in all.
  public let count: Int
  /// The values, [-1, 1], one `[channels, height, width]` after the other.
  public let values: [Float]

  /// Reads all images of a source.
  ///
  /// - Throws: ``FileError`` if there are none, or values that are not finite.
  public init(_ source: any ImageSource) throws(FileError) {
    var values: [Float] = []
    values.reserveCapacity(source.count * source.shape.count)
    while true {
      let batch = try source.next(1000)
      if batch.isEmpty { break }
      values += batch
    }
    guard !values.isEmpty else { throw FileError(source.path, "holds no images") }
    guard values.allSatisfy(\.isFinite) else { throw FileError(source.path, "holds values that are not finite") }
    self.path = source.path
    self.shape = source.shape
    self.count = values.count / source.shape.count
    self.values = values
  }

  /// The posterior mean of the images: two products with all of them an evaluation.
  public func denoiser(on backend: any Backend) -> GaussianMixtureDenoiser {
    .init(centres: values, dimension: shape.count, on: backend)
  }
}
