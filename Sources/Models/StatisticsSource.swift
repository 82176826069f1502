public import Compute
public import Diffusion
public import Evaluation
public import Files
import Tensors

/// Where the statistics of a model's data are.
public enum StatisticsSource {
  /// In a file that has been opened and not read.
  case file(MappedFile)
  /// In memory, those of classes too where there are any.
  case values(ImageStatistics, ClassStatistics? = nil)

  /// The file, or nil for what is in memory.
  public var file: MappedFile? {
    if case .file(let file) = self { file } else { nil }
  }

  /// Reads the statistics.
  public func read() throws(FileError) -> ImageStatistics {
    switch self {
    case .file(let file): try ImageStatistics(SafetensorsFile(file))
    case .values(let statistics, _): statistics
    }
  }

  /// What they are of, without a look at their values.
  public func summary() throws(FileError) -> ImageStatisticsSummary {
    switch self {
    case .file(let file): try ImageStatisticsSummary(SafetensorsFile(file))
    case .values(let statistics, let classes): ImageStatisticsSummary(statistics, classes: classes)
    }
  }

  /// The statistics of the classes, if they are of images of a shape; nil if there are none.
  func classStatistics(_ shape: ImageShape) throws -> ClassStatistics? {
    let classes: ClassStatistics? =
      switch self {
      case .file(let file): try ClassStatistics(SafetensorsFile(file))
      case .values(_, let classes): classes
      }
    guard let classes else { return nil }
    guard classes.shape == shape else { throw ModelError.statistics(of: classes.shape, expected: shape) }
    return classes
  }

  /// The statistics on a device, if they are of images of a shape.
  func gaussian(_ shape: ImageShape, on backend: any Backend) throws -> GaussianStatistics {
    let statistics = try read()
    guard statistics.shape == shape else { throw ModelError.statistics(of: statistics.shape, expected: shape) }
    return statistics.gaussian(on: backend)
  }
}

extension ImageStatistics {
  /// The statistics on a device, for late starts and exact Gaussians.
  public func gaussian(on backend: any Backend) -> GaussianStatistics {
    GaussianStatistics(mean: mean, basis: basis, eigenvalues: eigenvalues, remainder: remainder, on: backend)
  }
}
