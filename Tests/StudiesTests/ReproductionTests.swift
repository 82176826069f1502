import Charts
import Compute
import ComputeCPU
import Datasets
import Diffusion
import Evaluation
import Files
import Foundation
import FoundationXML
import Models
import Pipelines
import SymmetryBreaking
import TestSupport
import Testing

import Studies

/// The exact score of 200 images of 8x8 values, studied in a few moments.
private struct SmallReproduction {
  let world: ScanWorld
  let model: EmpiricalModel
  let data: ScanReference.Images

  init() throws {
    world = try ScanWorld()
    // A name that a page must not take for markup.
    let path = world.folder.path("<b>&data.npy")
    try FileManager.default.copyItem(atPath: world.folder.path("data.npy"), toPath: path)
    model = EmpiricalModel(try ImageSet(Dataset.open(path)))
    data = try ScanReference.Images { try Dataset.open(path) }
  }

  static var settings: ReproductionSettings {
    var settings = ReproductionSettings(.quick, last: 999)
    settings.limit(to: 6)
    settings.scan.samplers = ["ddim"]
    settings.scan.steps = [3, 2]
    settings.scan.starts = [.prior, .late(600), .late(300)]
    settings.scan.bootstrap = Bootstrap(replicates: 20)
    settings.fit.images = 12
    settings.network.steps = [800, 500]
    (settings.potential.steps, settings.potential.samplerSteps) = ([500, 100], 4)
    (settings.dynamics.steps, settings.dynamics.samplerSteps) = ([700, 200], 5)
    return settings
  }

  func reproduction(
    in name: String, _ settings: ReproductionSettings = Self.settings, data: ScanReference.Images? = nil,
    classifier: ClassifierModel? = nil, version: String = "1"
  ) throws -> Reproduction {
    try Reproduction(
      .init(model, classifier: classifier ?? world.classifier, data: data ?? self.data), settings,
      in: world.folder.path(name), machine: .init(world.backend, .init()), version: version, on: world.backend)
  }

  func report(_ reproduction: Reproduction, _ findings: ReproductionFindings) -> ReproductionReport {
    ReproductionReport(
      findings, of: reproduction,
      .init(
        command: "make <all>", commands: [.scan: ["make scan"], .network: ["make network"]], pictures: [:],
        model: "<i>small</i>", program: "program 1"))
  }

  /// A reproduction from its beginning to its page.
  func whole(_ name: String) throws -> (reproduction: Reproduction, report: ReproductionReport) {
    let reproduction = try reproduction(in: name), findings = try #require(try reproduction.run())
    let report = report(reproduction, findings)
    try report.write()
    return (reproduction, report)
  }

  /// The page without its dates and durations, and every other file that holds none.
  func lasting(_ name: String) throws -> [String: String] {
    let folder = world.folder.path(name)
    var files: [String: String] = [:]
    for part in ["", "figures", "tables", "scan", "network", "potential", "dynamics"] {
      for file in try FileManager.default.contentsOfDirectory(atPath: folder + "/" + part) {
        let path = folder + "/\(part)/" + file
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        guard !isFolder.boolValue, !file.hasPrefix("."), file != "journal.json" else { continue }
        files["\(part)/\(file)"] = String(decoding: try fileBytes(path), as: UTF8.self)
      }
    }
    let page = try #require(files["/report.html"])
    let times = try #require(page.range(of: "<section id=\"times\"")?.lowerBound)
    let end = try #require(page.range(of: "</section>", range: times..<page.endIndex)?.upperBound)
    files["/report.html"] = String(page[..<times] + page[end...])
    return files
  }
}

@Suite("Reproductions of the paper's experiments")
struct ReproductionTests {
  private let small: SmallReproduction

  init() throws { small = try SmallReproduction() }

  @Test("A reproduction that is stopped again and again ends in the same page and files but for dates and durations")
  func resumes() throws {
    do { _ = try small.whole("whole") }
    let wanted = try small.lasting("whole")
    #expect(wanted.count > 40 && wanted["/report.html"]?.contains("seconds that its cells took") == false)
    var stops = 0
    while true {
      let reproduction = try small.reproduction(in: "stopped")
      var asked = 0
      let findings = try reproduction.run(shouldStop: {
        asked += 1
        return asked > 30 + 5 * stops
      })
      if let findings {
        try small.report(reproduction, findings).write()
        break
      }
      stops += 1
      try #require(stops < 200)
    }
    #expect(stops > 5)
    let found = try small.lasting("stopped")
    #expect(Set(found.keys) == Set(wanted.keys))
    for (name, text) in wanted { #expect(found[name] == text, "\(name)") }
  }

  @Test("What is finished is not done again, and keeps its date")
  func keeps() throws {
    do { _ = try small.whole("study") }
    let page = try fileBytes(small.world.folder.path("study/report.html"))
    let reproduction = try small.reproduction(in: "study")
    var work = 0
    let findings = try #require(
      try reproduction.run(progress: { part, _, done, _ in if part == .scan || part == .fit { work += done } }))
    try small.report(reproduction, findings).write()
    #expect(work == 0)
    #expect(try fileBytes(small.world.folder.path("study/report.html")) == page)
  }

  @Test("The page is well-formed, holds the numbers with their origin, and every figure lies beside it as CSV")
  func page() throws {
    let (reproduction, report) = try small.whole("study"), html = report.page.html
    let parser = XMLParser(data: Data(html.utf8))
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    #expect(
      html.contains("&lt;i&gt;small&lt;/i&gt;") && !html.contains("<i>") && html.contains("&lt;b&gt;&amp;data.npy"))
    #expect(html.contains("make &lt;all&gt;") && html.contains("make scan"))
    let digests = [small.data.sha256, try small.world.classifier.extractor.sha256, small.model.images.sha256]
    for text in digests + [reproduction.machine.device, "program 1", "Seeds: 0-5"] {
      #expect(html.contains(text), "\(text)")
    }
    for address in html.split(separator: "src=\"").dropFirst() { #expect(address.hasPrefix("data:image/png;base64,")) }
    for address in html.split(separator: "href=\"").dropFirst() { #expect(address.hasPrefix("#")) }
    let names = html.matches(of: /Numbers: (figures\/[a-z0-9-]+\.csv)\./).map { String($0.output.1) }
    #expect(names.count == Set(names).count && names.count == html.split(separator: "<svg").count - 1)
    for name in names { #expect(FileManager.default.fileExists(atPath: small.world.folder.path("study/\(name)"))) }
    // The conclusions count what the table says.
    let verdicts = try String(
      decoding: fileBytes(small.world.folder.path("study/tables/equal-steps.csv")), as: UTF8.self
    )
    .split(separator: "\n").count { $0.hasSuffix(",better") }
    #expect(report.conclusions[0].contains("nearer to the data than the prior in \(verdicts)"), "\(report.conclusions)")
  }

  @Test("The starts that the fit proposes are its own least costs, and measure what a scan from there does")
  func automaticStarts() throws {
    let (reproduction, report) = try small.whole("study"), findings = report.findings
    try #require(findings.starts.count == 2)
    for start in findings.starts {
      let cell = start.result.cell
      #expect(start.choice == findings.fit.start(steps: cell.steps) && start.choice.start == cell.start)
      var settings = reproduction.settings.scan
      (settings.steps, settings.starts) = ([cell.steps], [.prior, .late(start.choice.start)])
      let scan = try LateStartScan(
        small.model, settings, classifier: small.world.classifier, reference: ScanReference(data: small.data),
        in: small.world.folder.path("scan-\(cell.steps)"), machine: reproduction.machine, version: "1",
        on: small.world.backend)
      #expect(try #require(try scan.run()).best("ddim", cell.steps, .gaussian)?.measures == start.result.measures)
      #expect(start.best == findings.scan.best("ddim", cell.steps, .gaussian))
      #expect(start.isClose == (start.result.measures.distance.value <= 1.15 * start.best.measures.distance.value))
    }
    #expect(findings.json["automatic_starts"]?.array?.count == 2)
  }

  @Test("Data of another size, and the folder of another study, are refused in one line")
  func refuses() throws {
    do { _ = try small.reproduction(in: "study") }
    func expectRefusal(_ part: String, _ body: () throws -> Reproduction) {
      #expect {
        _ = try body()
      } throws: {
        "\($0)".contains(part) && !"\($0)".contains("\n")
      }
    }
    var settings = SmallReproduction.settings
    settings.scan.base.seeds = [0, 1, 2]
    expectRefusal("count is 6, not 3") { try small.reproduction(in: "study", settings) }
    expectRefusal("version is '1', not '2'") { try small.reproduction(in: "study", version: "2") }
    let other = try ScanWorld.classifier(seed: 6)
    expectRefusal("classifier is") { try small.reproduction(in: "study", classifier: other) }
    let full = ReproductionSettings(.full, last: 999)
    settings = full
    settings.limit(to: 6)
    expectRefusal("extent is 'quick', not 'full'") { try small.reproduction(in: "study", settings) }
    let path = small.world.folder.path("other.npy")
    try OutputFile.write(NumpyArray(ScanWorld.images(60), shape: [60, 1, 8, 8]).encoded(), to: path)
    let images = try ScanReference.Images { try Dataset.open(path) }
    expectRefusal("data is") { try small.reproduction(in: "study", data: images) }
    expectRefusal("2000") { try small.reproduction(in: "none", full) }
    try OutputFile.write(NumpyArray([Float](repeating: 0, count: 490), shape: [10, 1, 7, 7]).encoded(), to: path)
    let wrong = try ScanReference.Images { try Dataset.open(path) }
    expectRefusal("7x7") { try small.reproduction(in: "none", data: wrong) }
    do { _ = try small.world.scan(in: "scan") }
    expectRefusal("study") { try small.reproduction(in: "scan") }
    #expect(!FileManager.default.fileExists(atPath: small.world.folder.path("none")))
  }
}
