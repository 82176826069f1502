public import Datasets
public import DiffusersFormat
import Evaluation
import Files
public import Models
import SymmetryBreaking
import Tensors

/// A request for a sampling run: paths and settings.
///
/// A record keeps this value, so that the run can be repeated.
public struct SamplingRequest: Sendable, Hashable, Codable {
  /// The model.
  public var model: ModelReference
  /// A file of statistics in place of the model's own, or nil.
  public var statistics: String?
  /// How it is sampled.
  public var settings: SamplingSettings
  /// Pictures to noise, for a start from images.
  public var inputImages: String?
  /// How the images of a data set and the pictures to noise are read; nil for what their files say.
  public var reading: ImageReading?
  /// Recorded noise to begin with.
  public var initialNoise: String?
  /// Recorded noise of the steps.
  public var stepNoise: String?
  /// How often each pixel of a grid is repeated in both directions.
  public var zoom = 1

  /// The largest ``zoom``.
  public static let largestZoom = 64

  private enum CodingKeys: String, CodingKey {
    case model, statistics, settings, zoom, reading
    case inputImages = "input_images"
    case initialNoise = "initial_noise"
    case stepNoise = "step_noise"
  }

  /// A request.
  public init(model: ModelReference, settings: SamplingSettings) {
    self.model = model
    self.settings = settings
  }
}

/// A request whose files have been read.
public struct OpenedRequest {
  /// The model.
  public let model: any DiffusionModel
  /// The settings, with what follows from the inputs: seeds and size of recorded noise.
  public let settings: SamplingSettings
  /// The arrays that are handed in.
  public let inputs: SamplingInputs
  /// SHA-256 of the files and arrays that were read besides the model's, by name.
  public let fingerprints: [String: String]
}

extension SamplingRequest {
  /// Reads the files of the request.
  ///
  /// - Parameters:
  ///   - note: Told what the user should know about the images.
  ///   - directory: Finds a model directory by its path or name; nil asks for the default model.
  /// - Throws: One line that names the file at fault.
  public func open(
    note: (String) -> Void = { _ in },
    directory: (_ path: String?, _ variant: String?, _ options: CheckpointOptions) throws -> ModelDirectory
  ) throws -> OpenedRequest {
    try settings.check()
    try SamplingSettings.check("zoom") { () throws(NumberFault) in try zoom.checked(in: 1...Self.largestZoom) }
    let reading = reading ?? .init()
    var fingerprints: [String: String] = [:]
    let source = try statistics.map { path -> StatisticsSource in
      let file = try MappedFile(path)
      fingerprints[file.name] = file.sha256
      // A fault shows before any work is done.
      _ = try ImageStatisticsSummary(SafetensorsFile(file))
      return .file(file)
    }
    let model = try self.model.open(
      reading, statistics: source, readsLabels: settings.start.isOfClasses, note, directory: directory)
    var settings = try settings.resolved(for: model)
    var inputs = SamplingInputs()
    if let initialNoise {
      let recorded = try InputArrays.recordedNoise(initial: initialNoise, steps: stepNoise)
      inputs.noise = recorded.noise
      settings.size = recorded.shape.size
      settings.seeds = (0..<UInt64(recorded.count)).map { $0 }
      for path in [initialNoise, stepNoise].compactMap({ $0 }) {
        let file = try MappedFile(path)
        fingerprints[file.name] = file.sha256
      }
    }
    if let inputImages {
      let images = try InputArrays.images(
        inputImages, reading, count: settings.seeds.count, model.sampleShape(settings.size), note)
      inputs.images = images
      fingerprints["input images"] = sha256(of: images)
    }
    return OpenedRequest(model: model, settings: settings, inputs: inputs, fingerprints: fingerprints)
  }
}

extension ModelReference {
  /// Reads the model's files; of a data set's model only the scheduler.
  fileprivate func open(
    _ reading: ImageReading, statistics: StatisticsSource?, readsLabels: Bool, _ note: (String) -> Void,
    directory: (_ path: String?, _ variant: String?, _ options: CheckpointOptions) throws -> ModelDirectory
  ) throws -> any DiffusionModel {
    switch self {
    case .directory(let path, let variant, let options):
      var model = try Model(directory(path, variant, options))
      if let statistics { model.statistics = statistics }
      return model
    case .data(let path, let scheduler):
      let images = try ImageSet(Dataset.open(path, reading, note: note), readsLabels: readsLabels)
      return try EmpiricalModel(
        images, scheduler: directory(scheduler, nil, .init()).scheduler(), statistics: statistics)
    case .world(let world):
      return try world.open()
    }
  }
}

extension WorldReference {
  fileprivate func open() throws -> ExactWorld {
    switch self {
    case .twoPoints:
      return ExactWorld(name: "two points", .mixture(.twoPoints))
    case .hypersphere(let dimension, let radius):
      let sphere = HypersphereModel(dimension: dimension, radius: radius ?? Double(dimension).squareRoot())
      return ExactWorld(name: "a sphere of radius \(sphere.radius) in \(dimension) dimensions", .hypersphere(sphere))
    case .mixture(let path):
      let file = try MappedFile(path)
      return ExactWorld(
        name: "the mixture \(path)", .mixture(try PointMixture(contentsOf: path)), files: [file.name: file.sha256])
    case .gaussian(let path):
      let file = try MappedFile(path)
      return ExactWorld(
        name: "the Gaussian \(path)", .gaussian(try ImageStatistics(SafetensorsFile(file))),
        files: [file.name: file.sha256])
    }
  }
}
