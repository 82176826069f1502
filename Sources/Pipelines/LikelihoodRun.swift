public import Compute
import Datasets
public import Diffusion
public import Files
import Foundation
public import Models
import Random
import Tensors

/// The exact likelihood of images under a model, batch by batch; see `Likelihood`.
public struct LikelihoodRun {
  /// How it is taken.
  public struct Settings: Sendable, Hashable {
    /// How the trace of the flow's derivative is had.
    public var trace = Likelihood.Trace.estimated(probes: 1)
    /// The tolerance of the flow's integration.
    public var tolerance = 1e-5
    /// Whether images of 8 bits are given noise over the width of their steps, so that their density is that of their bytes.
    public var dequantizes = true
    /// The seed of that noise and of the estimate of the trace; image *i* has its own stream.
    public var seed: UInt64 = 0
    /// Images that are followed together, or nil for as many as are of use.
    public var batch: Int?

    /// The defaults: one probe, a tolerance of 1e-5.
    public init() {}

    /// Checks that every number is within its range.
    ///
    /// - Throws: ``PipelineError/number(setting:fault:)`` naming the first that is not.
    public func check() throws(PipelineError) {
      if case .estimated(let probes) = trace {
        try SamplingSettings.check("probes") { () throws(NumberFault) in try probes.checked(in: 1...10_000) }
      }
      // Below it is the rounding of 32 bits.
      try SamplingSettings.check("tolerance") { () throws(NumberFault) in try tolerance.checked(in: 1e-7...0.1) }
      try SamplingSettings.check("batch") { () throws(NumberFault) in
        try batch?.checked(in: 1...SamplingSettings.largestBatch)
      }
    }
  }

  /// What was found.
  public struct Result: Sendable, Hashable {
    /// The logarithm of the density of each finished image, in nats: of data in -1...1, or of bytes where noise was added.
    public var logDensities: [Double] = []
    /// Values of an image.
    public var dimension: Int
    /// Whether the images are of bytes, and densities those of bytes.
    public var isOfBytes: Bool
    /// Evaluations of the model for an image, on average.
    public var evaluations = 0.0
    /// Whether it was stopped before its end.
    public var wasStopped = false

    /// The bits per dimension of each image: `-ln p / (d ln 2)`.
    public var bitsPerDimension: [Double] { logDensities.map { -$0 / (Double(dimension) * log(2)) } }

    /// The mean of the bits per dimension, and its standard error where there are two images or more.
    public var mean: (bits: Double, standardError: Double?) {
      let bits = bitsPerDimension, count = Double(bits.count), mean = bits.reduce(0, +) / count
      guard bits.count > 1 else { return (mean, nil) }
      let squares = bits.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      return (mean, (squares / (count * (count - 1))).squareRoot())
    }
  }

  /// The model.
  public let model: any DiffusionModel
  /// The settings, with the batch that was chosen.
  public let settings: Settings
  /// The images.
  public let images: StartFit.Images

  private let scheduler: Scheduler
  private let shape: ImageShape
  private let isOfBytes: Bool
  private let backend: any Backend

  /// Checks that model, data and device fit, before any work is done.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - settings: How it is taken.
  ///   - images: The data.
  ///   - backend: The device.
  /// - Throws: One line that names what is missing or does not fit.
  public init(
    _ model: any DiffusionModel, _ settings: Settings, images: StartFit.Images, on backend: any Backend
  ) throws {
    try settings.check()
    self.model = model
    self.images = images
    self.backend = backend
    scheduler = try model.scheduler(.named(.ddim), .init(), clipSample: false).scheduler
    shape = try model.sampleShape(nil)
    isOfBytes = settings.dequantizes && images.values.allSatisfy(Self.isByte)
    if let labels = images.labels { try model.check(.init(classLabels: Set(labels).sorted()), shape) }
    var sampling = SamplingSettings(seeds: (0..<UInt64(images.count)).map { $0 })
    sampling.classes = images.labels.map { .labels($0) }
    sampling.batch = settings.batch
    var memory = try model.gradientMemory(shape, sampling.condition, on: backend)
    // Slopes of seven stages, states, probes and what is done with them.
    memory.bytesPerSample += 4 * shape.count * (6 + Self.probes(settings.trace, shape.count))
    var own = settings
    own.batch = try BatchPlan.batch(memory, shape, sampling, on: backend)
    self.settings = own
    _ = try denoiser(0..<1)
  }

  private static func probes(_ trace: Likelihood.Trace, _ size: Int) -> Int {
    switch trace {
    case .exact: size
    case .estimated(let count): count
    }
  }

  private static func isByte(_ value: Float) -> Bool {
    let byte = (value + 1) * 127.5
    return (0...255).contains(byte.rounded()) && byte.rounded() / 127.5 - 1 == value
  }

  /// The model's denoiser for some images.
  private func denoiser(_ rows: Range<Int>) throws -> any DifferentiableDenoiser {
    let condition = SamplingCondition(classLabels: images.labels.map { Array($0[rows]) })
    let denoiser = try model.denoiser(condition, scheduler.parametrization, on: backend)
    guard let result = denoiser as? any DifferentiableDenoiser else {
      throw PipelineError.noDerivatives(model: model.name)
    }
    return result
  }

  /// Follows the flow of every image.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked before every step; finished batches are kept.
  ///   - progress: Called with the images that are done, those under way in part.
  /// - Returns: What was found of all images, or of those before it was stopped.
  /// - Throws: A device's failure, or `LikelihoodError` if a flow does not come to an end.
  public func run(shouldStop: () -> Bool = { false }, progress: (Double) -> Void = { _ in }) throws -> Result {
    let likelihood = Likelihood(on: scheduler.schedule, trace: settings.trace, tolerance: settings.tolerance)
    var result = Result(dimension: shape.count, isOfBytes: isOfBytes), evaluations = 0
    for first in stride(from: 0, to: images.count, by: settings.batch ?? 1) {
      let rows = first..<min(first + (settings.batch ?? 1), images.count)
      let seeds = rows.map { settings.seed &+ UInt64($0) }
      let found = try likelihood(of: tensor(rows), seeds: seeds, by: denoiser(rows)) { part in
        progress(Double(first) + part * Double(rows.count))
        return shouldStop()
      }
      guard let found else {
        result.wasStopped = true
        break
      }
      guard found.logDensities.allSatisfy(\.isFinite) else { throw LikelihoodError.notFinite }
      // A byte's step is 1 / 128 wide in the model's range.
      let shift = isOfBytes ? -Double(shape.count) * log(128) : 0
      result.logDensities += found.logDensities.map { $0 + shift }
      evaluations += found.evaluations * rows.count
      progress(Double(rows.upperBound))
    }
    if !result.logDensities.isEmpty { result.evaluations = Double(evaluations) / Double(result.logDensities.count) }
    return result
  }

  /// The images on the device, those of bytes spread over the steps of their bytes: `(byte + u) / 128 - 1`.
  private func tensor(_ rows: Range<Int>) -> Tensor {
    var values = Array(images.values[rows.lowerBound * shape.count..<rows.upperBound * shape.count])
    if isOfBytes {
      for (place, row) in rows.enumerated() {
        var random = SplitMix(seed: settings.seed, UInt64(row))
        for index in place * shape.count..<(place + 1) * shape.count {
          let byte = Double(((values[index] + 1) * 127.5).rounded())
          values[index] = Float((byte + random.uniform()) / 128 - 1)
        }
      }
    }
    return Tensor(values, shape: [rows.count, shape.channels, shape.height, shape.width], on: backend)
  }
}

extension LikelihoodRun.Result {
  /// The result as JSON: means, and the bits of each image.
  public var json: JSONValue {
    let (bits, error) = mean
    return .object([
      "images": .number(Double(logDensities.count)), "dimensions": .number(Double(dimension)),
      "bits_per_dimension": logDensities.isEmpty ? .null : .number(bits),
      "standard_error": error.map { .number($0) } ?? .null,
      "nats": logDensities.isEmpty ? .null : .number(-logDensities.reduce(0, +) / Double(logDensities.count)),
      "of": .string(isOfBytes ? "bytes" : "densities"), "evaluations": .number(evaluations),
      "each_bits_per_dimension": .array(bitsPerDimension.map { .number($0) }), "stopped": .boolean(wasStopped),
    ])
  }
}
