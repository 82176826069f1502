import Datasets
import Diffusion
import Evaluation
import Files
import Foundation
import Models
import Pipelines
import TestSupport
import Testing

import Studies

@Suite("Scans of late starts")
struct LateStartScanTests {
  private let world: ScanWorld

  init() throws { world = try ScanWorld() }

  @Test("A cell is what one gets by sampling, rounding and measuring by hand; evaluations are those of the run")
  func measuresByHand() throws {
    let findings = try #require(try world.scan().run())
    #expect(findings.results.map(\.cell) == ScanWorld.settings.cells)
    #expect(findings.results.count == 2 * 2 * (1 + 2 * 2))
    let source = try Dataset.open(world.folder.path("data.npy"))
    let half = try world.classifier.features(of: source, on: world.backend, count: 100)
    let cell = ScanCell(sampler: "pndm", steps: 3, start: 600, kind: .gaussian)
    let result = try #require(findings.results.first { $0.cell == cell })
    var settings = SamplingSettings(seeds: (0..<24).map { $0 })
    settings.sampler = .named(.pndm)
    settings.steps = 3
    settings.start = .late(timestep: 600, kind: .gaussian)
    var values: [Float] = []
    let summary = try SamplingPipeline(world.model, settings, on: world.backend).run { values += $0.values }
    #expect(result.evaluations == summary.evaluations && summary.evaluations > 3)
    try OutputFile.write(NumpyArray(values, shape: [24, 1, 8, 8]).encoded(), to: world.folder.path("own.npy"))
    let own = try world.classifier.features(
      of: Dataset.open(world.folder.path("own.npy"), clamps: true), on: world.backend)
    let distance = own.frechetDistance(to: half.moments)
    #expect(abs(result.measures.distance.value - distance) < 1e-5 * distance)
    #expect(result.measures.answers.map(\.question) == ["kind", "size"])
    for (answers, question) in zip(result.measures.answers, own.questions) {
      #expect(answers.shares == question.composition.shares)
    }
    // The images of the second half against those of the first.
    let real = try world.classifier.features(of: source, on: world.backend, count: 24)
    #expect(abs(findings.real.distance.value - real.frechetDistance(to: half.moments)) < 1e-5)
    #expect(findings.gaussian.images == 24)
    #expect(findings.gaussian.distance.value < findings.prior("ddim", 2)?.measures.distance.value ?? 0)
  }

  @Test("A scan that is stopped anywhere goes on and ends in the same files, byte for byte")
  func resumes() throws {
    let whole = try world.scan(in: "whole")
    try ScanReport(#require(try whole.run())).write(to: whole.store)
    let names = try FileManager.default.contentsOfDirectory(atPath: whole.store.folder).filter { $0.contains(".") }
      .filter { !$0.hasPrefix(".") }.sorted()
    #expect(names.contains("report.md") && names.contains("cells.csv") && names.contains("distance-noise.svg"))
    var stops = 0
    while true {
      let scan = try world.scan(in: "stopped")
      var asked = 0
      let findings = try scan.run {
        asked += 1
        return asked > 4 + 2 * stops
      }
      guard let findings else {
        stops += 1
        try #require(stops < 100)
        continue
      }
      try ScanReport(findings).write(to: scan.store)
      break
    }
    #expect(stops > 5)
    for name in names {
      #expect(
        try fileBytes(world.folder.path("stopped/\(name)")) == fileBytes(world.folder.path("whole/\(name)")), "\(name)")
    }
  }

  @Test("What is finished is not done again, whatever the batch; another setting is another cell")
  func keeps() throws {
    do { _ = try world.scan().run() }
    var settings = ScanWorld.settings, reports = 0
    settings.base.batch = 5
    do {
      let again = try world.scan(settings).run {
        false
      } progress: { _ in
        reports += 1
      }
      #expect(again != nil && reports == 0)
    }
    settings.bootstrap = Bootstrap(replicates: 21)
    _ = try world.scan(settings).run {
      false
    } progress: { progress in
      reports += 1
      #expect(progress.done <= progress.missing && progress.cells == 20)
    }
    #expect(reports > 20)
  }

  @Test("A folder of another data set, count, classifier or version is refused in one line")
  func refuses() throws {
    do { _ = try world.scan() }
    var settings = ScanWorld.settings
    settings.base.seeds = [0, 1, 2]
    func expectRefusal(_ part: String, _ body: () throws -> LateStartScan) {
      #expect {
        _ = try body()
      } throws: {
        "\($0)".contains(part) && !"\($0)".contains("\n")
      }
    }
    expectRefusal("count is 24, not 3") { try world.scan(settings) }
    expectRefusal("version is '1', not '2'") { try world.scan(version: "2") }
    let other = try ScanWorld.classifier(seed: 6)
    expectRefusal("classifier sha256") { try world.scan(classifier: other) }
    let images = NumpyArray(ScanWorld.images(201), shape: [201, 1, 8, 8])
    try OutputFile.write(images.encoded(), to: world.folder.path("data.npy"))
    expectRefusal("reference sha256") { try world.scan() }
  }

  @Test("Settings that no cell could run with are found out before any work")
  func checks() throws {
    func expectFault(_ part: String, _ change: (inout LateStartScanSettings) -> Void) {
      var settings = ScanWorld.settings
      change(&settings)
      #expect {
        _ = try world.scan(settings, in: "none")
      } throws: {
        "\($0)".contains(part)
      }
      #expect(!FileManager.default.fileExists(atPath: world.folder.path("none")))
    }
    expectFault("1000") { $0.starts = [.late(1000)] }
    expectFault("0 is no whole number") { $0.steps = [0] }
    expectFault("nonesuch") { $0.samplers = ["ddim", "nonesuch"] }
    expectFault("holds 1 images") { $0.base.seeds = [0] }
    expectFault("100") { $0.base.seeds = (0..<101).map { $0 } }
    expectFault("classes") { $0.base.classLabel = 1 }
    expectFault("no cells") { $0.starts = [] }
  }

  @Test("Late starts of a Gaussian world are exact, so that few steps from there are nearer than from the prior")
  func helps() throws {
    let findings = try #require(try world.scan().run())
    let late = try #require(findings.best("ddim", 2, .gaussian)), prior = try #require(findings.prior("ddim", 2))
    #expect(late.measures.distance.value < prior.measures.distance.value)
  }
}
