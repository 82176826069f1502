public import Datasets
public import Evaluation
import Files
import HostMath
import Tensors

/// What the samples of a scan are compared with, and real images that are compared in the same way.
///
/// Without images of another split, a data set is parted: its first half is the reference, and the first images of its second half are
/// compared with that.
public struct ScanReference {
  /// A set of images that is read when it is needed.
  public struct Images {
    /// What reports call it.
    public let name: String
    /// SHA-256 of the images' extents and values, whatever the form of their files.
    public let sha256: String
    /// Images.
    public let count: Int
    /// Opens the set at its first image.
    public let open: () throws -> any ImageSource

    /// Reads a set once for its digest, a batch at a time.
    ///
    /// - Parameters:
    ///   - name: What reports call it, or nil for its path.
    ///   - open: Opens the set at its first image.
    /// - Throws: An error of opening or reading.
    public init(name: String? = nil, _ open: @escaping () throws -> any ImageSource) throws {
      let source = try open()
      var parts = ["\(source.shape)"], count = 0
      while true {
        let values = try source.next(min(1000, source.batchCount))
        if values.isEmpty { break }
        parts.append(Files.sha256(of: values))
        count += values.count / source.shape.count
      }
      self.name = name ?? source.path
      sha256 = Files.sha256(of: Array(parts.joined(separator: "\n").utf8))
      self.count = count
      self.open = open
    }
  }

  /// Where the reference comes from.
  enum Origin {
    case features(FeatureReference, name: String, sha256: String)
    case images(Images)
  }

  let origin: Origin
  /// Real images of another split.
  let other: Images?

  /// A data set, with images of another split or without.
  public init(data: Images, other: Images? = nil) {
    origin = .images(data)
    self.other = other
  }

  /// Features that are known, such as those that a classifier carries.
  ///
  /// - Parameters:
  ///   - features: The features; without `other`, their rows are the real images that are compared.
  ///   - name: What reports call them.
  ///   - other: Real images of another split.
  public init(_ features: FeatureReference, name: String, other: Images? = nil) {
    origin = .features(features, name: name, sha256: Files.sha256(of: features.encoded()))
    self.other = other
  }

  /// What reports call the reference.
  public var name: String {
    switch origin {
    case .features(_, let name, _): name
    case .images(let images): other == nil ? "the first half of \(images.name)" : images.name
    }
  }

  /// What reports call the real images.
  public var realName: String {
    if let other { return "real images, \(other.name)" }
    return switch origin {
    case .features: "real images, of the reference itself"
    case .images(let images): "real images, second half of \(images.name)"
    }
  }

  /// SHA-256 of what the reference is made from, and of the real images.
  var digests: [String: String] {
    var digests: [String: String] = [:]
    switch origin {
    case .features(_, _, let sha256): digests["features"] = sha256
    case .images(let images): digests["data"] = images.sha256
    }
    digests["real"] = other?.sha256
    return digests
  }

  /// Images that are classified for the reference and the real images of a scan of `count` samples.
  func work(count: Int) -> Int {
    guard case .images(let images) = origin else { return other == nil ? 0 : count }
    return (other == nil ? images.count / 2 : images.count) + count
  }

  /// Checks that there are as many real images as samples.
  ///
  /// - Throws: `EvaluationError` if there are fewer.
  func check(count: Int) throws(EvaluationError) {
    let (path, there): (String, Int)
    switch (other, origin) {
    case (let other?, _): (path, there) = (other.name, other.count)
    case (nil, .images(let images)): (path, there) = ("the second half of \(images.name)", (images.count + 1) / 2)
    case (nil, .features(let features, let name, _)): (path, there) = ("the rows of \(name)", features.rowCount)
    }
    guard there >= count else { throw .fewerThanAsked(path: path, count: there, asked: count) }
  }
}
