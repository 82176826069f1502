import Datasets
import Evaluation
import Files
import HostMath
import Tensors
import TestSupport
import Testing

@Suite("The Frechet distance of pixels")
struct PixelDistanceTests {
  private func moments(_ path: String, skipping skipped: Int = 0, limit: Int = .max) throws -> Moments {
    let source = try Dataset.open(path)
    var accumulator = MomentAccumulator(dimension: source.shape.count)
    if skipped > 0 { _ = try source.next(skipped) }
    accumulator.add(try source.next(min(limit, source.count - skipped)))
    return accumulator.moments()
  }

  @Test("Of a set to itself it is zero, of brighter images their squared shift")
  func shift() throws {
    let folder = try TemporaryFolder()
    let source = try Dataset.open(Fixtures.path("mnist/t10k-images-idx3-ubyte.gz"))
    // Levels of eight bits, to which all that is measured is rounded.
    let levels = try source.next(1500).map { (($0 + 1) * 63.75).rounded(.down) }
    for (name, offset) in [("same.npy", Float(0)), ("brighter.npy", 32)] {
      let array = NumpyArray(levels.map { ($0 + offset) / 127.5 - 1 }, shape: [1500, 1, 28, 28])
      try OutputFile.write(array.encoded(), to: folder.path(name))
    }
    let reference = try moments(folder.path("same.npy"))
    let same = try pixelFrechetDistance(of: Dataset.open(folder.path("same.npy")), to: reference)
    #expect(same.count == 1500)
    #expect((0..<1e-4).contains(same.distance))
    let brighter = try pixelFrechetDistance(of: Dataset.open(folder.path("brighter.npy")), to: reference)
    #expect(abs(brighter.distance - 784 * 32 * 32 / (127.5 * 127.5)) < 1e-3)
  }

  @Test("Images of another size, and too few of them, are errors")
  func misfits() throws {
    let folder = try TemporaryFolder()
    let reference = try moments(Fixtures.path("mnist/t10k-images-idx3-ubyte.gz"), limit: 50)
    try OutputFile.write(NumpyArray([0, 1, 0, 1], shape: [1, 1, 2, 2]).encoded(), to: folder.path("small.npy"))
    let one = NumpyArray(.init(repeating: 0, count: 784), shape: [1, 1, 28, 28])
    try OutputFile.write(one.encoded(), to: folder.path("one.npy"))
    for name in ["small.npy", "one.npy"] {
      #expect(throws: EvaluationError.self) {
        try pixelFrechetDistance(of: Dataset.open(folder.path(name)), to: reference)
      }
    }
  }
}
