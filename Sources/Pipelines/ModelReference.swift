import CheckpointFormats
public import DiffusersFormat

/// Where a run's model comes from.
public enum ModelReference: Sendable, Hashable {
  /// A model directory, a checkpoint of other code with what is chosen of it, or a model by its name; nil for the default one.
  case directory(path: String?, variant: String?, checkpoint: CheckpointOptions = .init())
  /// The exact score of a data set, over the noise levels of a model directory.
  case data(path: String, scheduler: String?)
  /// An exact world.
  case world(WorldReference)
}

extension ModelReference: Codable {
  private enum CodingKeys: String, CodingKey {
    case path, variant, weights, preset, data, scheduler, world
  }

  /// Reads `{"world": ...}`, `{"data": ..., "scheduler": ...}` or `{"path": ..., "variant": ..., "weights": ..., "preset": ...}`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let world = try container.decodeIfPresent(WorldReference.self, forKey: .world) {
      self = .world(world)
    } else if let path = try container.decodeIfPresent(String.self, forKey: .data) {
      self = .data(path: path, scheduler: try container.decodeIfPresent(String.self, forKey: .scheduler))
    } else {
      var options = CheckpointOptions()
      options.weights = try container.decodeIfPresent(WeightChoice.self, forKey: .weights) ?? options.weights
      options.preset = try container.decodeIfPresent(String.self, forKey: .preset)
      self = .directory(
        path: try container.decodeIfPresent(String.self, forKey: .path),
        variant: try container.decodeIfPresent(String.self, forKey: .variant), checkpoint: options)
    }
  }

  /// Writes what ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .directory(let path, let variant, let options):
      try container.encodeIfPresent(path, forKey: .path)
      try container.encodeIfPresent(variant, forKey: .variant)
      if options.weights != .average { try container.encode(options.weights, forKey: .weights) }
      try container.encodeIfPresent(options.preset, forKey: .preset)
    case .data(let path, let scheduler):
      try container.encode(path, forKey: .data)
      try container.encodeIfPresent(scheduler, forKey: .scheduler)
    case .world(let world): try container.encode(world, forKey: .world)
    }
  }
}

/// An exact world by name: `two-points`, `hypersphere:D`, `hypersphere:D:R`, `mixture:FILE` or `gaussian:FILE`.
public enum WorldReference: Sendable, Hashable {
  /// Two equal points at -1 and 1.
  case twoPoints
  /// The sphere around the origin; its radius is the root of the dimension unless it is given, so that values have unit variance.
  case hypersphere(dimension: Int, radius: Double?)
  /// Points of a JSON file; see `PointMixture`.
  case mixture(path: String)
  /// The Gaussian with the statistics of a file.
  case gaussian(path: String)

  /// Why a text names no world.
  public enum Fault: Error, Sendable, Hashable {
    /// None of the four names.
    case unknown
    /// A dimension that is no whole number from 1 to a million.
    case dimension
    /// A radius that is not above 0 and at most a million.
    case radius
  }

  /// Reads a name.
  public init(_ text: String) throws(Fault) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch (parts[0], parts.count == 2 ? parts[1] : nil) {
    case ("two-points", nil): self = .twoPoints
    case ("mixture", let path?) where !path.isEmpty: self = .mixture(path: path)
    case ("gaussian", let path?) where !path.isEmpty: self = .gaussian(path: path)
    case ("hypersphere", let numbers?):
      let words = numbers.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let dimension = Int(words[0]), (1...1_000_000).contains(dimension) else { throw .dimension }
      let radius = words.count == 2 ? Double(words[1]) ?? 0 : nil
      guard radius.map({ $0 > 0 && $0 <= 1e6 }) ?? true else { throw .radius }
      self = .hypersphere(dimension: dimension, radius: radius)
    default: throw .unknown
    }
  }
}

extension WorldReference: CustomStringConvertible {
  /// The name.
  public var description: String {
    switch self {
    case .twoPoints: "two-points"
    case .hypersphere(let dimension, let radius): "hypersphere:\(dimension)" + (radius.map { ":\($0)" } ?? "")
    case .mixture(let path): "mixture:\(path)"
    case .gaussian(let path): "gaussian:\(path)"
    }
  }
}

extension WorldReference: Codable {
  /// Reads the name.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer(), text = try container.decode(String.self)
    do throws(Fault) {
      try self.init(text)
    } catch {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is no world")
    }
  }

  /// Writes the name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
