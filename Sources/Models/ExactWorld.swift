public import Compute
public import Diffusion
import DiffusersFormat
public import Evaluation
public import Files
public import SymmetryBreaking
public import Tensors

/// An exact world, with a closed-form score, as a model.
///
/// Its noise levels are DDPM's training steps with linear betas, and estimates are never clipped.
public struct ExactWorld: DiffusionModel, Sendable {
  /// The data.
  public enum Kind: Sendable {
    /// Points with weights and a variance.
    case mixture(PointMixture)
    /// The surface of a sphere.
    case hypersphere(HypersphereModel)
    /// A Gaussian with the moments of images.
    case gaussian(ImageStatistics)
  }

  /// What messages call the world.
  public let name: String
  /// The data.
  public let kind: Kind
  private let files: [String: String]

  /// A world.
  ///
  /// - Parameters:
  ///   - name: What messages and records call it.
  ///   - kind: The data.
  ///   - files: SHA-256 of the files that it came from, by name.
  public init(name: String, _ kind: Kind, files: [String: String] = [:]) {
    self.name = name
    self.kind = kind
    self.files = files
  }

  /// The sampler of a run over DDPM's training steps; DDPM itself where none is named.
  public func scheduler(
    _ choice: SamplerChoice, _ options: SchedulerOptions, clipSample: Bool
  ) throws -> ChosenScheduler {
    switch choice {
    case .configuration(let configuration):
      return ChosenScheduler(
        try Scheduler(configuration.unclipped, options: options), name: configuration.className ?? "DDPMScheduler")
    case .named(let name): return ChosenScheduler(try name.scheduler(options: options), name: name.rawValue)
    case .model: return ChosenScheduler(try SamplerName.ddpm.scheduler(options: options), name: "ddpm")
    }
  }

  /// `1 x 1 x D` for points and spheres, the images' own for a Gaussian.
  public func sampleShape(_ size: ImageSize?) throws -> ImageShape {
    let shape: ImageShape =
      switch kind {
      case .mixture(let mixture): ImageShape(channels: 1, height: 1, width: mixture.dimension)
      case .hypersphere(let sphere): ImageShape(channels: 1, height: 1, width: sphere.dimension)
      case .gaussian(let statistics): statistics.shape
      }
    guard size.map({ $0 == shape.size }) ?? true else { throw ModelError.sampleSize(model: name, own: shape) }
    return shape
  }

  /// A world has no classes.
  public func check(_ condition: SamplingCondition, _ shape: ImageShape) throws {
    guard condition.classLabels == nil else { throw ModelError.noClasses(model: name) }
    guard condition.guidance == 1 else { throw ModelError.noGuidance(model: name) }
  }

  /// The exact moments.
  public func gaussian(_ shape: ImageShape, on backend: any Backend) -> GaussianStatistics? {
    switch kind {
    case .mixture(let mixture): mixture.gaussian(on: backend)
    case .hypersphere(let sphere): sphere.gaussian(on: backend)
    case .gaussian(let statistics): statistics.gaussian(on: backend)
    }
  }

  /// The exact denoiser.
  public func denoiser(
    _ condition: SamplingCondition, _ parametrization: Parametrization, on backend: any Backend
  ) -> any Denoiser {
    switch kind {
    case .mixture(let mixture): mixture.denoiser(on: backend)
    case .hypersphere(let sphere): sphere.denoiser(on: backend)
    case .gaussian(let statistics): GaussianDenoiser(statistics.gaussian(on: backend))
    }
  }

  /// Points or directions, and for each sample what is computed with them.
  public func memory(
    _ shape: ImageShape, _ condition: SamplingCondition, on backend: any Backend
  ) -> SamplingMemory {
    let rows =
      switch kind {
      case .mixture(let mixture): mixture.points.count
      case .hypersphere: 1
      case .gaussian(let statistics): statistics.rank
      }
    let perSample = 2 * rows + 4 * shape.count
    return SamplingMemory(
      fixedBytes: 4 * (rows + 2) * shape.count, bytesPerSample: 4 * perSample,
      worthwhileBatch: max(32, (1 << 20) / perSample))
  }

  /// SHA-256 of the files that the world came from.
  public func fingerprints() -> [String: String] { files }
}

extension PointMixture {
  /// Reads `{"points": [[...], ...], "weights": [...], "variance": 0}`; weights and variance may be missing.
  ///
  /// - Throws: `FileError` that names what is missing, not finite, or of another count.
  public init(contentsOf path: String) throws(FileError) {
    let json = try JSONValue(contentsOf: path)
    func number(
      _ value: JSONValue, _ name: String, in range: ClosedRange<Double>
    ) throws(FileError) -> Double {
      do throws(NumberFault) {
        return try value.number(in: range)
      } catch {
        throw FileError(path, "\(name): \(error)")
      }
    }
    func numbers(
      _ value: JSONValue, _ name: String, in range: ClosedRange<Double>
    ) throws(FileError) -> [Double] {
      guard let elements = value.array, !elements.isEmpty else {
        throw FileError(path, "'\(name)' must be a list of finite numbers")
      }
      var numbers: [Double] = []
      for element in elements { numbers.append(try number(element, name, in: range)) }
      return numbers
    }
    var points: [[Double]] = []
    for point in json["points"]?.array ?? [] { points.append(try numbers(point, "points", in: -1e6...1e6)) }
    guard let dimension = points.first?.count, points.allSatisfy({ $0.count == dimension }) else {
      throw FileError(path, "'points' must be a list of points of equal dimension")
    }
    var weights: [Double]?
    if let value = json["weights"] {
      let found = try numbers(value, "weights", in: 1e-12...1e12)
      guard found.count == points.count else {
        throw FileError(path, "'weights' must be \(points.count) positive numbers, one a point")
      }
      weights = found
    }
    let variance =
      try json["variance"].map { value throws(FileError) in try number(value, "variance", in: 0...1e6) } ?? 0
    self.init(points: points, weights: weights, variance: variance)
  }
}
