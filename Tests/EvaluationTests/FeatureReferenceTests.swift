import Evaluation
import Files
import HostMath
import TestSupport
import Testing

@Suite("References of features")
struct FeatureReferenceTests {
  private let folder: TemporaryFolder
  private let reference: FeatureReference

  init() throws {
    folder = try TemporaryFolder()
    let rows = try NumpyArray(contentsOf: Fixtures.path("measures/data.npy")).floats
    var accumulator = FeatureAccumulator(
      dimension: 6, count: 60, rowLimit: 12, questions: [("side", 2), ("kind", 3)])
    for start in stride(from: 0, to: 60, by: 25) {
      let end = min(start + 25, 60)
      accumulator.add(
        Array(rows[start * 6..<end * 6]),
        logits: [
          (start..<end).flatMap { [Float($0), 30] }, (start..<end).flatMap { [0, Float($0), 10] },
        ])
    }
    let report = ClassificationReport(
      count: 4, heads: [.init(name: "side", classes: 2, labels: [0, 0, 1, 1], answers: [0, 1, 1, 1])])
    reference = FeatureReference(
      accumulator.set(), by: .init(name: "a-classifier", sha256: "00ff"), report: report)
  }

  @Test("A file keeps moments in 64 bits, compositions, errors and the rows' halves")
  func roundTrip() throws {
    try OutputFile.write(reference.encoded(), to: folder.path("r.safetensors"))
    let read = try FeatureReference(contentsOf: folder.path("r.safetensors"))
    #expect(read.count == 60 && read.extractor == reference.extractor)
    #expect(read.moments.mean == reference.moments.mean)
    #expect(frechetDistance(read.moments, reference.moments) < 1e-12)
    #expect(read.questions == reference.questions)
    #expect(read.questions[0].confusion == [[1, 1], [0, 2]] && read.questions[1].confusion == nil)
    #expect(read.rowCount == 12 && zip(read.rows, reference.rows).allSatisfy { abs($0 - $1) < 2e-3 })
  }

  @Test("Rows are spread over the whole set")
  func rows() throws {
    let all = try NumpyArray(contentsOf: Fixtures.path("measures/data.npy")).floats
    let last: [Float] = (0..<12).flatMap { Array(all[(5 * $0 + 4) * 6..<(5 * $0 + 5) * 6]) }
    #expect(reference.rows == last)
  }

  @Test("An archive of mu and sigma, or of mu and cov, is read in 64 bits")
  func archives() throws {
    try OutputFile.write(reference.archive(path: "r.npz"), to: folder.path("r.npz"))
    let read = try FeatureReference(contentsOf: folder.path("r.npz"))
    #expect(read.extractor == nil && read.count == nil && read.rows.isEmpty)
    #expect(read.moments.mean == reference.moments.mean)
    #expect(frechetDistance(read.moments, reference.moments) < 1e-12)
    var archive = NumpyArchive()
    archive.add("mu", npy: NumpyArray([1, 2], shape: [2]).encoded())
    archive.add("cov", npy: NumpyArray([2, 1, 1, 2], shape: [2, 2]).encoded())
    try archive.write(to: folder.path("author.npz"))
    let author = try FeatureReference(contentsOf: folder.path("author.npz"))
    #expect(author.moments.mean == [1, 2] && abs(author.moments.eigenvalues[0] - 3) < 1e-12)
  }

  @Test(
    "Archives that hold no mean and covariance are refused in one line",
    arguments: [
      (["mu": [2], "x": [2, 2]], [Float(1)]), (["mu": [2], "sigma": [2, 3]], [1]),
      (["mu": [2, 1], "sigma": [2, 2]], [1]),
      (["mu": [2], "sigma": [2, 2]], [.nan]), (["mu": [2], "sigma": [2, 2]], [1, 5, -5, 1]),
      (["mu": [2], "sigma": [2, 2]], [-1, 0, 0, -1]), (["mu": [0], "sigma": [0, 0]], [1]),
    ])
  func hostile(shapes: [String: [Int]], values: [Float]) throws {
    var archive = NumpyArchive()
    for (name, shape) in shapes {
      let count = shape.reduce(1, *)
      archive.add(name, npy: NumpyArray((0..<count).map { values[$0 % values.count] }, shape: shape).encoded())
    }
    try archive.write(to: folder.path("bad.npz"))
    #expect(throws: FileError.self) { try FeatureReference(contentsOf: folder.path("bad.npz")) }
  }

  @Test("Other files of safetensors and damaged references are refused")
  func foreign() throws {
    let writer = SafetensorsWriter()
    try OutputFile.write(writer.encoded(), to: folder.path("other.safetensors"))
    #expect(throws: FileError.self) { try FeatureReference(contentsOf: folder.path("other.safetensors")) }
    let text = String(decoding: reference.encoded().prefix(4000), as: Unicode.ASCII.self)
    for (part, other) in [("8 bits", "7 bits"), ("\"60\"", "\"-9\""), ("composition.1", "composition.7")] {
      #expect(text.contains(part))
      let bytes = Self.replacing(Array(part.utf8), by: Array(other.utf8), in: reference.encoded())
      try OutputFile.write(bytes, to: folder.path("damaged.safetensors"))
      #expect(throws: FileError.self) { try FeatureReference(contentsOf: folder.path("damaged.safetensors")) }
    }
  }

  /// The bytes with the first place of some replaced by as many others.
  private static func replacing(_ part: [UInt8], by other: [UInt8], in bytes: [UInt8]) -> [UInt8] {
    precondition(part.count == other.count, "replacements of the same length")
    var bytes = bytes
    if let start = bytes.indices.first(where: { bytes[$0...].starts(with: part) }) {
      bytes.replaceSubrange(start..<start + part.count, with: other)
    }
    return bytes
  }

  @Test("The archive of a set is a reference for others, and keeps its answers")
  func features() throws {
    var accumulator = FeatureAccumulator(dimension: 2, count: 3, questions: [("side", 2)])
    accumulator.add([0, 1, 2, 3, 4, 7], logits: [[0, 1, 1, 0, 0, 2]])
    let set = accumulator.set(), maker = FeatureReference.Extractor(name: "network", sha256: "0123abcd")
    try OutputFile.write(set.archive(path: "f.npz", by: maker), to: folder.path("f.npz"))
    #expect(try NumpyArchive.array("features", in: folder.path("f.npz")).floats == [0, 1, 2, 3, 4, 7])
    #expect(try NumpyArchive.array("classes_0", in: folder.path("f.npz")).integers == [1, 0, 1])
    #expect(try frechetDistance(FeatureReference(contentsOf: folder.path("f.npz")).moments, set.moments) < 1e-9)
    #expect(FeatureSet.isArchive(folder.path("f.npz")))
    func read(_ maker: FeatureReference.Extractor, dimension: Int = 2, count: Int? = nil) throws -> FeatureSet {
      try FeatureSet(
        archive: folder.path("f.npz"), by: maker, dimension: dimension, questions: [("side", 2)], count: count)
    }
    #expect(try read(maker).moments == set.moments)
    #expect(try read(maker).questions == set.questions)
    #expect(try read(maker, count: 2).questions[0].answers == [1, 0])
    for wrong: () throws -> FeatureSet in [
      { try read(.init(name: "network", sha256: "0123abce")) }, { try read(maker, dimension: 3) },
      { try read(maker, count: 4) },
    ] {
      #expect { try wrong() } throws: {
        "\($0)".contains("f.npz") && !"\($0)".contains("\n")
      }
    }
  }
}
