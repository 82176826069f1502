import Datasets
public import Files
import HostMath

/// The file is a safetensors file: `mean [D]` and `covariance [D, D]` in 64 bits, `rows [N, D]` in half precision, for the
/// question of number `i` `composition.i [classes]` and `confusion.i [classes, classes]`, and in its metadata the count, the rule of
/// quantisation, the network's name and digest, and the names of the questions.
extension FeatureReference {
  private static let format = "diffuse-gpu features"

  /// The reference as a file.
  public func encoded() -> [UInt8] {
    let names = JSONValue.array(questions.map { .string($0.name) })
    var metadata = ["format": Self.format, "quantization": eightBitRule, "questions": names.line]
    metadata["count"] = count.map { "\($0)" }
    metadata["network"] = extractor?.name
    metadata["sha256"] = extractor?.sha256
    var writer = SafetensorsWriter(metadata: metadata)
    let dimension = moments.dimension
    writer.add("mean", shape: [dimension], doubles: moments.mean)
    writer.add("covariance", shape: [dimension, dimension], doubles: moments.covariance().elements)
    for (place, question) in questions.enumerated() {
      let classes = question.composition.shares.count
      writer.add("composition.\(place)", shape: [classes], doubles: question.composition.shares)
      guard let confusion = question.confusion else { continue }
      writer.add("confusion.\(place)", shape: [classes, classes], doubles: confusion.joined().map { Double($0) })
    }
    if !rows.isEmpty { writer.add("rows", shape: [rowCount, dimension], values: rows, as: .float16) }
    return writer.encoded()
  }

  /// Reads a file: a reference of this program, or an `.npz` archive of another's `mu` and `sigma` (or `cov`).
  ///
  /// - Throws: `FileError` if it is neither, or its values do not fit each other.
  public init(contentsOf path: String) throws(FileError) {
    if path.lowercased().hasSuffix(".npz") {
      try self.init(archive: path)
    } else {
      try self.init(SafetensorsFile(path))
    }
  }

  /// Reads a reference of this program.
  ///
  /// - Throws: `FileError` if it is none, or its values do not fit each other.
  public init(_ file: SafetensorsFile) throws(FileError) {
    let path = file.file.path
    guard file.metadata["format"] == Self.format else {
      throw FileError(path, "is no reference of features; `diffuse-gpu statistics --classifier` makes one")
    }
    guard let count = Int(file.metadata["count"] ?? ""), (2...1 << 53).contains(count) else {
      throw FileError(path, "names no count of at least two images")
    }
    guard file.metadata["quantization"] == eightBitRule else {
      throw FileError(path, "is of images that were not \(eightBitRule), as all measures take them")
    }
    var extractor: Extractor?
    if let name = file.metadata["network"], let sha256 = file.metadata["sha256"] {
      extractor = Extractor(name: name, sha256: sha256)
    }
    let mean = try Self.values("mean", of: file) { $0.count == 1 && (1...Self.largestDimension).contains($0[0]) }
    let covariance = try Self.values("covariance", of: file) { $0 == [mean.count, mean.count] }
    var rows: [Float] = []
    if file.entries["rows"] != nil {
      rows = try Self.values("rows", of: file) { $0.count == 2 && $0[1] == mean.count && $0[0] <= count }
        .map { Float($0) }
    }
    self.init(
      extractor: extractor, count: count,
      moments: try Self.moments(count: count, mean: mean, covariance: covariance, path: path), rows: rows,
      questions: try Self.questions(of: file, count: count))
  }

  private static func questions(of file: SafetensorsFile, count: Int) throws(FileError) -> [Question] {
    let path = file.file.path
    let names = try JSONValue(file.metadata["questions"] ?? "[]", path: "\(path), questions").array ?? []
    var questions: [Question] = []
    for (place, name) in names.enumerated() {
      guard let name = name.string else { throw FileError(path, "names a question that is no text") }
      let shares = try values("composition.\(place)", of: file) { $0.count == 1 && $0[0] > 0 }
      guard shares.allSatisfy({ (0...1).contains($0) }), abs(shares.reduce(0, +) - 1) < 1e-6 else {
        throw FileError(path, "tensor 'composition.\(place)' holds no shares")
      }
      var confusion: [[Int]]?
      if file.entries["confusion.\(place)"] != nil {
        let counts = try values("confusion.\(place)", of: file) { $0 == [shares.count, shares.count] }
        guard counts.allSatisfy({ (0...largestCount).contains($0) && Int(exactly: $0) != nil }) else {
          throw FileError(path, "tensor 'confusion.\(place)' holds no counts of images")
        }
        confusion = shares.indices.map { row in
          counts[row * shares.count..<(row + 1) * shares.count].map { Int($0) }
        }
      }
      questions.append(
        Question(name: name, composition: Composition(shares: shares, count: count), confusion: confusion))
    }
    return questions
  }

  /// Reads the moments that pytorch-fid (`mu`, `sigma`) and the paper's authors (`mu`, `cov`) keep.
  private init(archive path: String) throws(FileError) {
    let names = try NumpyArchive.names(in: path)
    guard names.contains("mu"), let matrix = ["sigma", "cov"].first(where: names.contains) else {
      throw FileError(path, "holds no arrays 'mu' and 'sigma' (or 'cov'); it has \(names.joined(separator: ", "))")
    }
    let mean = try NumpyArchive.doubles("mu", in: path), covariance = try NumpyArchive.doubles(matrix, in: path)
    let dimension = mean.values.count
    guard mean.shape.count == 1, (1...Self.largestDimension).contains(dimension),
      covariance.shape == [dimension, dimension]
    else {
      throw FileError(
        path, "'mu' of shape \(mean.shape) and '\(matrix)' of \(covariance.shape) are no mean and covariance")
    }
    let moments = try Self.moments(count: 0, mean: mean.values, covariance: covariance.values, path: path)
    self.init(extractor: nil, count: nil, moments: moments)
  }

  /// The moments as an `.npz` archive of `mu` and `sigma`, as pytorch-fid reads them.
  ///
  /// - Parameter path: The file to be, for errors.
  public func archive(path: String) throws(FileError) -> [UInt8] {
    let dimension = moments.dimension
    var archive = NumpyArchive()
    archive.add("mu", npy: NumpyArray.encoded(doubles: moments.mean, shape: [dimension]))
    archive.add(
      "sigma", npy: NumpyArray.encoded(doubles: moments.covariance().elements, shape: [dimension, dimension]))
    return try archive.encoded(path: path)
  }

  /// The widest features that are read; their covariance takes half a gigabyte.
  private static let largestDimension = 8192
  /// The most images of a confusion matrix's element.
  private static let largestCount = 1e9
  /// Features are around one; this is far from what would pass 64 bits in a distance.
  private static let largestValue = 1e12

  private static func moments(
    count: Int, mean: [Double], covariance: [Double], path: String
  ) throws(FileError) -> Moments {
    guard (mean + covariance).allSatisfy({ abs($0) <= largestValue }) else {
      throw FileError(path, "holds moments that are not within -\(largestValue) to \(largestValue)")
    }
    let order = mean.count, scale = covariance.reduce(0) { max($0, abs($1)) }
    let isSymmetric = (0..<order).allSatisfy { row in
      covariance[row * order + row] >= 0
        && (0..<row).allSatisfy {
          abs(covariance[row * order + $0] - covariance[$0 * order + row]) <= 1e-5 * scale
        }
    }
    guard isSymmetric else { throw FileError(path, "holds a matrix that is no covariance") }
    return Moments(count: count, mean: mean, covariance: SymmetricMatrix(order: order, elements: covariance))
  }

  private static func values(
    _ name: String, of file: SafetensorsFile, fits: ([Int]) -> Bool
  ) throws(FileError) -> [Double] {
    guard let entry = file.entries[name], entry.type.isFloatingPoint, fits(entry.shape) else {
      throw FileError(file.file.path, "tensor '\(name)' of the reference is missing or does not fit the others")
    }
    let values = file.doubles(entry)
    guard values.allSatisfy(\.isFinite) else {
      throw FileError(file.file.path, "tensor '\(name)' holds values that are not finite")
    }
    return values
  }
}
