import Charts
import Evaluation
import Pipelines
import Testing

import Studies

@Suite("Reports of scans")
struct ScanReportTests {
  private static func measures(_ distance: Double, _ half: Double = 0.1) -> ScanMeasures {
    ScanMeasures(
      images: 10, distance: Estimate(distance, interval: distance - half...distance + half),
      answers: [.init(question: "digit", shares: [0.5, 0.5], entropy: Estimate(1), corrected: nil)])
  }

  private static func result(
    _ sampler: String, _ steps: Int, _ evaluations: Int, _ distance: Double, start: Int? = nil
  ) -> ScanResult {
    ScanResult(
      cell: ScanCell(sampler: sampler, steps: steps, start: start, kind: start.map { _ in .gaussian }),
      evaluations: evaluations, firstStep: Double(start ?? 800), limit: "none", measures: measures(distance))
  }

  private static var findings: ScanFindings {
    ScanFindings(
      model: "m", classifier: "c", reference: "r", realName: "real images, r", count: 10, dataEntropies: ["digit": 3.3],
      results: [
        result("ddim", 5, 5, 2), result("ddim", 5, 5, 1.5, start: 700), result("ddim", 5, 5, 1, start: 500),
        result("ddim", 5, 5, 7, start: 300), result("pndm", 5, 8, 3), result("pndm", 5, 8, 3.1, start: 500),
      ], real: measures(0.09, 0.01), gaussian: measures(15),
      differences: [
        .init(
          cell: ScanCell(sampler: "ddim", steps: 5, start: 500, kind: .gaussian), question: "digit",
          entropy: Estimate(0.02, interval: 0.01...0.03))
      ])
  }

  @Test("At equal steps the best start is named with its ratio, and whether it helps; the yardsticks come last")
  func equalSteps() {
    let table = ScanReport(Self.findings).equalSteps
    #expect(
      table.rows == [
        ["5", "ddim", "5", "2.00 (1.90 to 2.10)", "1.00 (0.900 to 1.10)", "500", "2.00", "better"],
        ["5", "pndm", "8", "3.00 (2.90 to 3.10)", "3.10 (3.00 to 3.20)", "500", "0.968", "not told apart"],
        ["", "real images, r", "0", "0.090 (0.080 to 0.100)"],
        ["", "the Gaussian itself", "0", "15.00 (14.90 to 15.10)"],
      ])
  }

  @Test("At equal evaluations a sampler counts with what it can afford")
  func equalEvaluations() {
    let rows = ScanReport(Self.findings).equalEvaluations.rows
    #expect(rows.map { Array($0.prefix(2)) }.dropLast(2) == [["5", "ddim"], ["8", "ddim"], ["8", "pndm"]])
    #expect(rows[1][4] == "1.00 (0.900 to 1.10)" && rows[1][6] == "gaussian at 500")
  }

  @Test("The paper's table, classes, cells and conclusions hold the numbers")
  func otherTables() {
    let report = ScanReport(Self.findings)
    #expect(report.tableOne.rows[0] == ["5", "1.00", "2.00", "3.10", "3.00"])
    #expect(report.tableOne.rows.dropFirst().map(\.first) == ["real images, r", "the Gaussian itself"])
    #expect(report.classes.rows[0].suffix(2) == ["0.020 (0.010 to 0.030)", "3.30"])
    #expect(report.cells.rows.count == 8 && report.cells.rows[2][4] == "500")
    #expect(report.conclusions.contains { $0.contains("shows no gain for pndm with 5 steps.") })
    #expect(report.conclusions.first?.contains("ddim, 5 steps, gaussian at 500: 1.00") == true)
    #expect(!report.conclusions.contains { $0.contains("noise from data") })
  }

  @Test("A curve bends most where its second derivative is largest, at uneven places too")
  func bends() {
    // A parabola's is the same everywhere; a kink at 400 is the largest.
    let kink = [100.0, 200, 400, 500, 900].map { (x: $0, y: max(0, 400 - $0)) }
    #expect(strongestBend(kink) == 400)
    let parabola = [0.0, 1, 3, 4].map { (x: $0, y: $0 * $0 + ($0 == 4 ? 1 : 0)) }
    #expect(strongestBend(parabola) == 3)
    #expect(strongestBend([(0, 1), (1, 2)]) == nil)
    #expect(ScanReport(Self.findings).bends.rows == [["5", "ddim", "gaussian", "500"]])
  }

  @Test("The figure has a line a sampler with the prior at its right, the yardsticks, and a rule at the bend")
  func figure() {
    let figures = ScanReport(Self.findings).figures
    #expect(figures.map(\.name) == ["distance-gaussian"])
    let lines = figures[0].chart.lines
    #expect(lines.map(\.name) == ["ddim, 5", "pndm, 5", "real images", "the Gaussian"])
    #expect(lines[0].points.map(\.x) == [300, 500, 700, 800] && lines[0].points.last?.y == 2)
    #expect(figures[0].chart.markers.map(\.x) == [500])
  }
}

@Suite("Starts by name")
struct ScanStartTests {
  @Test("Three dots go on by the stride before them, or by 100")
  func lists() throws {
    #expect(try ScanStart.list("prior,900,...,600") == [.prior, .late(900), .late(800), .late(700), .late(600)])
    #expect(try ScanStart.list("900,850,...,750,50") == [900, 850, 800, 750, 50].map { .late($0) })
    #expect(try ScanStart.list("100,...,300") == [100, 200, 300].map { .late($0) })
    #expect(try ScanStart.list("prior") == [.prior])
  }

  @Test(
    "What names no starts is refused",
    arguments: [
      ("", .part("")), ("x", .part("x")), ("0", .part("0")), ("-5", .part("-5")), ("...,300", .dots),
      ("900,...", .dots),
      ("900,...,350", .dots), ("900,800,...,950", .dots), ("prior,...,300", .dots), ("900,...,prior", .part("prior")),
      ("5,5", .repeated("5")), ("prior,prior", .repeated("prior")),
    ] as [(String, ScanStart.Fault)])
  func refuses(text: String, fault: ScanStart.Fault) {
    #expect(throws: fault) { _ = try ScanStart.list(text) }
  }
}
