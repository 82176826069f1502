import Compute
import ComputeCPU
import Diffusion
import DiffusersFormat
import Files
import Models
import Networks
import Pipelines
import TestSupport
import Testing

@Suite("Several classes in one run")
struct ClassListTests {
  private func model() throws -> Model {
    let network = try smallNetwork {
      $0.classEmbedding = .table
      $0.classCount = 6
    }
    return Model(name: "small", network: network, scheduler: nil)
  }

  private func settings(_ classes: String?, seeds: [UInt64], batch: Int? = nil) throws -> SamplingSettings {
    var settings = SamplingSettings(seeds: seeds)
    (settings.sampler, settings.steps, settings.batch) = (.named(.ddim), 2, batch)
    settings.classes = try classes.map { try ClassList($0) }
    return settings
  }

  private func images(_ settings: SamplingSettings) throws -> [[Float]] {
    let pipeline = try SamplingPipeline(model(), settings, on: CPUBackend())
    var images: [[Float]] = []
    _ = try pipeline.run { finished in
      let count = finished.values.count / finished.seeds.count
      images += (0..<finished.seeds.count).map { Array(finished.values[$0 * count..<($0 + 1) * count]) }
    }
    return images
  }

  @Test("Lists come back from their text and their JSON; one label is a number, as records always had it")
  func texts() throws {
    for (text, labels) in [("3", [3]), ("3,5", [3, 5]), ("0-9", Array(0...9)), ("2,0-1,1", [2, 0, 1, 1])] {
      let list = try ClassList(text)
      #expect(list == .labels(labels))
      #expect(try ClassList(list.description) == list)
      #expect(try JSONValue(encoding: list).decoded() == list)
    }
    #expect(try ClassList("each") == .each && JSONValue(encoding: ClassList.each) == .string("each"))
    #expect(try JSONValue(encoding: ClassList.labels([7])) == .number(7))
    for text in ["", "a", "-1", "3-", "5-3", "1,,2", "0-9223372036854775807", "9223372036854775808", "1-2-3"] {
      #expect(throws: ClassList.Fault.self, "\(text)") { try ClassList(text) }
    }
  }

  @Test("An image has the class of its place in the list of seeds, in every batch", arguments: [1.0, 2.5])
  func pairing(guidance: Double) throws {
    let seeds: [UInt64] = [7, 3, 11, 4, 9]
    var all = try settings("4,1", seeds: seeds)
    all.guidance = guidance
    let whole = try images(all)
    for batch in [1, 2, 3] {
      all.batch = batch
      #expect(try images(all) == whole)
    }
    for (place, seed) in seeds.enumerated() {
      var one = try settings(place % 2 == 0 ? "4" : "1", seeds: [seed])
      one.guidance = guidance
      #expect(try images(one) == [whole[place]])
    }
    #expect(try images(settings("4", seeds: seeds))[1] != whole[1])
  }

  @Test("Any part of a run keeps seeds and classes", arguments: ["0-4", "3,5", "2", "0,0,1"])
  func parts(text: String) throws {
    let settings = try settings(text, seeds: (0..<12).map { $0 + 100 })
    guard case .labels(let labels)? = settings.classes else { return }
    for places in [[0], [11], [1, 3, 4], [2, 5, 8, 11], Array(0..<7), Array(0..<12), [0, 1, 4, 5, 8, 9]] {
      let part = settings.selecting(places)
      #expect(part.seeds == places.map { UInt64($0 + 100) })
      guard case .labels(let own)? = part.classes else {
        Issue.record("the classes are lost")
        return
      }
      #expect(own.count <= places.count || labels.count == 1)
      #expect(places.indices.map { own[$0 % own.count] } == places.map { labels[$0 % labels.count] })
      #expect(try JSONValue(encoding: part).decoded() == part)
    }
  }

  @Test("Each class means all rows of the table but the last; a model without classes says so")
  func each() throws {
    let pipeline = try SamplingPipeline(model(), settings("each", seeds: [0, 1]), on: CPUBackend())
    #expect(pipeline.settings.classes == .labels([0, 1, 2, 3, 4]))
    let plain = Model(name: "plain", network: try smallNetwork { _ in }, scheduler: nil)
    for text in ["each", "0", "0,1"] {
      #expect(throws: ModelError.self) { try SamplingPipeline(plain, settings(text, seeds: [0]), on: CPUBackend()) }
    }
    #expect(throws: ModelError.self) { try SamplingPipeline(model(), settings("0-6", seeds: [0]), on: CPUBackend()) }
  }

  @Test("Pictures and archives carry the class of each image")
  func records() throws {
    let folder = try TemporaryFolder()
    let settings = try settings("5,2,3", seeds: [10, 11, 12, 13])
    let network = try smallNetwork {
      $0.classEmbedding = .table
      $0.classCount = 6
    }
    try ModelExport.write(network, scheduler: .training, statistics: nil, to: folder.path("model"))
    let request = SamplingRequest(model: .directory(path: folder.path("model"), variant: nil), settings: settings)
    let opened = try request.open { try ModelDirectory($0 ?? "", variant: $1, checkpoint: $2) }
    let pipeline = try SamplingPipeline(opened.model, opened.settings, on: CPUBackend())
    let record = try RunRecord(
      request, fingerprints: opened.fingerprints, pipeline, machine: .init(CPUBackend(), .init()), version: "0")
    for path in [folder.path("pictures"), folder.path("a.npz")] {
      var sink = try ImageOutput.open(path, pipeline.imageShape, count: 4)
      _ = try pipeline.run { try sink.append($0.values, seeds: $0.seeds, record: record) }
      try sink.finish(record)
    }
    for (seed, label) in zip(10..., [5, 2, 3, 5]) {
      let own = try RunRecord(contentsOf: folder.path("pictures/0000\(seed).png")).request.settings
      #expect(own.seeds == [UInt64(seed)] && own.classLabel == label)
    }
    #expect(try RunRecord(contentsOf: folder.path("pictures/run.json")).request.settings.classes == settings.classes)
    let labels = try NumpyArchive.array("arr_1", in: folder.path("a.npz"))
    #expect(labels.floats == [5, 2, 3, 5])
  }
}
