import Compute
import ComputeCPU
import Datasets
import Diffusion
import Files
import Models
import Pipelines
import Tensors
import Testing

/// A few images that a test makes up.
private final class MadeUpImages: ImageSource {
  let path = "made up"
  let shape = ImageShape(channels: 1, height: 4, width: 4)
  let images: [[Float]]
  private var place = 0

  init(_ images: [[Float]]) { self.images = images }

  var count: Int { images.count }

  func next(_ count: Int) throws(FileError) -> [Float] {
    let end = min(place + count, images.count)
    defer { place = end }
    return images[place..<end].flatMap { $0 }
  }
}

@Suite("The exact score of a data set")
struct EmpiricalModelTests {
  /// Sixteen bits of a hash as pixels of -1 and 1, so that images lie far apart.
  private static let images: [[Float]] = (1...7).map { index in
    let hash = UInt64(index) &* 0x9E37_79B9_7F4A_7C15
    return (0..<16).map { hash >> ($0 + 20) & 1 == 0 ? -1 : 1 }
  }

  private func samples(_ change: (inout SamplingSettings) -> Void) throws -> [[Float]] {
    var settings = SamplingSettings(seeds: (0..<40).map { $0 })
    change(&settings)
    let model = EmpiricalModel(try ImageSet(MadeUpImages(Self.images)))
    var values: [Float] = []
    _ = try SamplingPipeline(model, settings, on: CPUBackend()).run { values += $0.values }
    return stride(from: 0, to: values.count, by: 16).map { Array(values[$0..<$0 + 16]) }
  }

  @Test("Samples end on the images, and all images are reached", arguments: [SamplerName.ddim, .ddpm, .dpmMultistep2])
  func endsOnImages(sampler: SamplerName) throws {
    let samples = try samples { $0.sampler = .named(sampler) }
    var reached: Set<Int> = []
    for sample in samples {
      let distances = Self.images.map { zip($0, sample).map { abs($0 - $1) }.max() ?? .infinity }
      let nearest = try #require(distances.indices.min { distances[$0] < distances[$1] })
      #expect(distances[nearest] < 0.05)
      reached.insert(nearest)
    }
    #expect(samples.count == 40 && reached.count == Self.images.count)
  }

  @Test("A late start from plain noise ends on them too, and the batch changes nothing")
  func lateStart() throws {
    let one = try samples { $0.start = .late(timestep: 700, kind: .noise) }
    let other = try samples {
      $0.start = .late(timestep: 700, kind: .noise)
      $0.batch = 3
    }
    for (sample, again) in zip(one, other) {
      #expect(zip(sample, again).allSatisfy { abs($0 - $1) < 1e-4 })
      #expect(Self.images.contains { zip($0, sample).allSatisfy { abs($0 - $1) < 0.05 } })
    }
  }

  @Test("Sizes and classes that the data do not have are refused by name")
  func refuses() throws {
    let own = ImageShape(channels: 1, height: 4, width: 4)
    #expect(throws: ModelError.sampleSize(model: "made up", own: own)) {
      try samples { $0.size = .init(height: 8, width: 8) }
    }
    #expect(throws: ModelError.noClasses(model: "the exact score of made up")) { try samples { $0.classLabel = 1 } }
    #expect(throws: FileError.self) { try ImageSet(MadeUpImages([])) }
    #expect(throws: FileError.self) { try ImageSet(MadeUpImages([[Float](repeating: .nan, count: 16)])) }
  }
}
