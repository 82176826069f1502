public import Compute
import DiffusersFormat
import Diffusion
public import Files
import Foundation
import Models
public import Tensors

/// The record of a run, complete enough to repeat it: kept in PNG text chunks and in a JSON file beside the images.
///
/// The document repeats the request's main settings under short names, for people and other programs; what is read back is the
/// request, the machine and the SHA-256 of every file that determines the images.
public struct RunRecord: Sendable, Hashable {
  /// The device and its arithmetic.
  public struct Machine: Sendable, Hashable, Codable {
    /// How the device is reached: `cpu` or `opencl`.
    public var backend: String
    /// The device's own name.
    public var device: String
    /// The arithmetic of products.
    public var precision: Precision
    /// Whether only the direct method convolves.
    public var isExact: Bool
    /// Threads of the CPU backend, or nil for one a core.
    public var threads: Int?
    /// SHA-256 of the variants of kernels that were found by measuring; nil for the device's own choices.
    public var tuning: String?

    private enum CodingKeys: String, CodingKey {
      case backend, device, precision, threads, tuning
      case isExact = "exact"
    }

    /// The machine behind a backend that was opened with some options.
    public init(_ backend: any Backend, _ options: BackendOptions) {
      self.backend = backend.device.backend
      device = backend.device.name
      precision = options.precision
      isExact = options.isExact
      threads = options.threads
      tuning = backend.tuningDigest
    }
  }

  /// The part of a run that was cut into several, and what the whole run is.
  public struct Part: Sendable, Hashable, Codable {
    /// Which part.
    public var shard: Shard
    /// The request of the whole run.
    public var whole: SamplingRequest
  }

  /// The program and its version.
  public var program: String
  /// What messages call the model.
  public var model: String
  /// The class of the scheduler, as diffusers calls it.
  public var scheduler: String
  /// Evaluations of the network for each image (NFE).
  public var evaluations: Int
  /// The training steps that are visited.
  public var timesteps: [Double]
  /// The request, with the batch that was chosen.
  public var request: SamplingRequest
  /// What it ran on.
  public var machine: Machine
  /// SHA-256 of weights, statistics and arrays, by name.
  public var files: [String: String]
  /// Which part of a larger run it is; nil for a whole one.
  public var part: Part?

  /// The record of a run.
  ///
  /// - Parameters:
  ///   - request: The request.
  ///   - fingerprints: SHA-256 of files and arrays besides the model's, by name; those of ``OpenedRequest``.
  ///   - pipeline: The pipeline of the request.
  ///   - machine: What it runs on.
  ///   - version: The program's version.
  /// - Throws: An error of reading the model's files.
  public init(
    _ request: SamplingRequest, fingerprints: [String: String] = [:], _ pipeline: SamplingPipeline, machine: Machine,
    version: String
  ) throws {
    program = "diffuse-gpu \(version)"
    model = pipeline.model.name
    scheduler = pipeline.schedulerName
    evaluations = 0
    timesteps = pipeline.plan.steps.map(\.from.timestep)
    self.request = request
    self.request.settings = pipeline.settings
    self.machine = machine
    files = try pipeline.model.fingerprints().merging(fingerprints) { $1 }
  }

  /// The record of the first images of the run.
  public func with(first count: Int) -> RunRecord {
    var result = self
    result.request.settings = request.settings.selecting(0..<count)
    return result
  }

  /// The record of some images, by their places in the run.
  public func with(places: [Int]) -> RunRecord {
    var result = self
    result.request.settings = request.settings.selecting(places)
    return result
  }

  /// The record of one image, by its place in the run; the same whatever part of a run it was drawn in.
  public func with(place: Int) -> RunRecord {
    var result = self
    result.part = nil
    result.request.settings = request.settings.selecting(place..<place + 1)
    return result
  }

  /// The record of one part of the run.
  ///
  /// - Parameters:
  ///   - shard: Which part.
  ///   - places: The images of the part that are drawn; nil for all.
  public func with(_ shard: Shard, places: [Int]? = nil) -> RunRecord {
    let places = places ?? Array(shard.range(of: request.settings.seeds.count))
    var result = self
    result.part = Part(shard: shard, whole: request)
    result.request.settings = request.settings.selecting(places)
    return result
  }

  /// The record of the run that this is a part of; nil for a whole run.
  public var whole: RunRecord? {
    guard let part else { return nil }
    var result = self
    result.part = nil
    result.request = part.whole
    return result
  }

  /// Checks that a request's files are those of the record.
  ///
  /// - Throws: ``PipelineError/changed(file:)`` naming the first that is not.
  public func check(_ files: [String: String]) throws(PipelineError) {
    for (name, digest) in self.files.sorted(by: { $0.key < $1.key }) where files[name] != digest {
      throw .changed(file: name)
    }
  }
}

extension RunRecord: Codable {
  private enum CodingKeys: String, CodingKey {
    case program, model, scheduler, timesteps, request, machine, files, part
    case evaluations = "function_evaluations"
  }

  /// What stands in the document for people and is not read back.
  private enum DisplayKeys: String, CodingKey {
    case device, steps, rng, eta, clips, guidance, from, seeds
    case classes = "class"
    case guidanceInterval = "guidance_interval"
    case lateStart = "late_start"
    case lateStartKind = "late_start_init"
  }

  /// Writes the document.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(program, forKey: .program)
    try container.encode(model, forKey: .model)
    try container.encode(scheduler, forKey: .scheduler)
    try container.encode(timesteps, forKey: .timesteps)
    try container.encode(evaluations, forKey: .evaluations)
    try container.encode(request, forKey: .request)
    try container.encode(machine, forKey: .machine)
    try container.encode(files, forKey: .files)
    try container.encodeIfPresent(part, forKey: .part)
    try encodeForDisplay(to: encoder)
  }

  private func encodeForDisplay(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: DisplayKeys.self)
    let settings = request.settings
    try container.encode(machine.device, forKey: .device)
    try container.encodeIfPresent(settings.steps, forKey: .steps)
    try container.encode(request.initialNoise == nil ? settings.generator.rawValue : "recorded", forKey: .rng)
    if settings.options.eta != 0 { try container.encode(settings.options.eta, forKey: .eta) }
    if !settings.clipSample { try container.encode(false, forKey: .clips) }
    if settings.guidance != 1 { try container.encode(settings.guidance, forKey: .guidance) }
    if let interval = settings.guidanceInterval {
      try container.encode([interval.lowerBound, interval.upperBound], forKey: .guidanceInterval)
    }
    try container.encodeIfPresent(settings.classes, forKey: .classes)
    switch settings.start {
    // A pipeline has put the training step in the place of the word.
    case .prior, .automatic: break
    case .late(let timestep, let kind):
      try container.encode(timestep, forKey: .lateStart)
      try container.encode(kind, forKey: .lateStartKind)
    case .images(let timestep): try container.encode(timestep, forKey: .from)
    }
    // Seeds may pass 2^53, beyond which JSON numbers are not exact.
    let seeds = settings.seeds.map { $0 < 1 << 53 ? JSONValue.number(Double($0)) : .string(String($0)) }
    try container.encode(seeds, forKey: .seeds)
  }
}

extension RunRecord {
  /// Reads a record: a JSON file, or a PNG picture that has it in a text chunk.
  ///
  /// - Throws: ``PipelineError/record(path:fault:)`` if it is none, or misses what a run needs.
  public init(contentsOf path: String) throws {
    let json: JSONValue
    if path.lowercased().hasSuffix(".png") {
      guard let text = try PNGImage.texts(contentsOf: path)["parameters"] else {
        throw PipelineError.record(path: path, fault: "the picture carries no record")
      }
      json = try JSONValue(text, path: path)
    } else {
      json = try JSONValue(contentsOf: path)
    }
    guard json["request"] != nil else {
      throw PipelineError.record(path: path, fault: "holds no request; an older version of the program wrote it")
    }
    do {
      self = try json.decoded()
    } catch let error as DecodingError {
      throw PipelineError.record(path: path, fault: error.oneLine)
    }
  }

  /// The record as a JSON document.
  public var json: JSONValue {
    guard let json = try? JSONValue(encoding: self) else { preconditionFailure("a record holds numbers and words") }
    return json
  }

  /// Writes the record as a JSON file.
  func write(to path: String) throws(FileError) {
    try OutputFile.write((json.text + "\n").utf8, to: path)
  }

  /// All images of the run in one PNG file, which has the record in its text chunks.
  ///
  /// - Parameters:
  ///   - bytes: The images' bytes; see ``ImageConversion/pictureBytes(_:_:)``.
  ///   - shape: The images' extents.
  public func grid(of bytes: [UInt8], _ shape: ImageShape) throws -> [UInt8] {
    let grid = ImageConversion.grid(bytes, ImageConversion.pictureShape(shape), zoom: request.zoom)
    return try grid.encoded(texts: texts)
  }

  /// The text chunks of a picture.
  public var texts: [String: String] { Self.marks.merging(["parameters": json.text]) { $1 } }

  /// The text chunks by which a picture of this program is known.
  static var marks: [String: String] { ["Software": "diffuse-gpu"] }
}
