public import Datasets
public import DiffusersFormat
import Files
import Foundation
public import HostMath
public import Networks

/// A network with what lies beside it: the scheduler it was trained with and the statistics of its data.
public struct Model {
  /// What messages call the model.
  public let name: String
  /// The network.
  public let network: UNet
  /// The scheduler of the model directory, or nil if it holds none.
  public let scheduler: SchedulerConfiguration?
  /// Mean and covariance of the data, or nil if the directory holds none.
  public var statistics: ImageStatistics?
  /// What was ignored on the way, one line each.
  public let warnings: [String]

  /// Loads a model directory in any of the forms that ``ModelDirectory`` reads, or a model that the program carries: by its name
  /// where there is no such path.
  ///
  /// - Parameters:
  ///   - path: A path; nil for the embedded MNIST model.
  ///   - variant: The variant of the weights, such as `fp16`.
  public init(_ path: String?, variant: String? = nil) throws {
    let directory: ModelDirectory
    if let path, let carried = try PretrainedModel.directory(path), !FileManager.default.fileExists(atPath: path) {
      directory = carried
    } else if let path {
      directory = try ModelDirectory(path, variant: variant)
    } else if let embedded = try PretrainedModel.directory("mnist") {
      directory = embedded
    } else {
      throw PipelineError("this program carries no model; name one with --model")
    }
    name = directory.path
    (network, warnings) = try directory.unet()
    scheduler = try directory.schedulerConfiguration().map { try SchedulerConfiguration($0.json, path: $0.path) }
    statistics = try directory.statistics().map { try ImageStatistics(SafetensorsFile($0)) }
  }

  /// A model whose parts are there already.
  public init(
    name: String, network: UNet, scheduler: SchedulerConfiguration?, statistics: ImageStatistics? = nil
  ) {
    self.name = name
    self.network = network
    self.scheduler = scheduler
    self.statistics = statistics
    warnings = []
  }

  /// The size of the images that the model was trained on, or nil if its configuration does not say.
  public var imageShape: ImageShape? {
    network.configuration.sampleSize.map { imageShape(height: $0.height, width: $0.width) }
  }

  /// The extents of the model's images at a size.
  public func imageShape(height: Int, width: Int) -> ImageShape {
    ImageShape(channels: network.configuration.inputChannels, height: height, width: width)
  }
}
