import Charts
import Foundation
import FoundationXML
import Testing

@Suite("Charts")
struct ChartTests {
  /// The document as a tree, which only well-formed XML has.
  private func elements(_ svg: String) throws -> [String: [[String: String]]] {
    final class Reader: NSObject, XMLParserDelegate {
      var elements: [String: [[String: String]]] = [:]
      func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
      ) { elements[name, default: []].append(attributes) }
    }
    let parser = XMLParser(data: Data(svg.utf8)), reader = Reader()
    parser.delegate = reader
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    return reader.elements
  }

  private func chart(_ x: Axis = Axis("start"), _ y: Axis = Axis("distance")) -> LineChart {
    LineChart(
      title: "Distance <of> \"A & B\"", description: "Lower is better.", x: x, y: y,
      lines: [
        .init("ddim", [.init(1, 4, interval: 3...5), .init(2, 2, interval: 1...3), .init(3, 8, interval: 7...9)]),
        .init("pndm", [.init(1, 5), .init(2, .nan), .init(3, 6), .init(4, 5)]),
      ], markers: [.init(2.5, "critical")])
  }

  @Test("A line chart is well-formed, with its title, description and numbers for those who cannot see it")
  func accessibility() throws {
    let svg = chart().svg
    _ = try elements(svg)
    #expect(svg.contains("role=\"img\" aria-labelledby=\"title description\""))
    #expect(svg.contains("<title id=\"title\">Distance &lt;of&gt; &quot;A &amp; B&quot;</title>"))
    #expect(svg.contains("ddim: 1: 4 (3 to 5), 2: 2 (1 to 3), 3: 8 (7 to 9)."))
    #expect(svg.contains("prefers-color-scheme:dark"))
  }

  @Test(
    "Points keep order and proportion along a linear axis, and equal ratios are equal steps along a logarithmic one")
  func places() throws {
    func heights(_ axis: Axis) throws -> [Double] {
      let dots = try #require(try elements(chart(Axis("x"), axis).svg)["circle"])
      return dots.prefix(3).compactMap { $0["cy"].flatMap(Double.init) }
    }
    let linear = try heights(Axis("y")), logarithmic = try heights(Axis("y", scale: .logarithmic))
    #expect(abs((linear[1] - linear[0]) / (linear[0] - linear[2]) - 0.5) < 0.01)
    #expect(abs((logarithmic[1] - logarithmic[0]) / (logarithmic[0] - logarithmic[2]) - 1) < 0.01)
    let reversed = try #require(try elements(chart(Axis("x", isReversed: true)).svg)["circle"])
    let x = reversed.prefix(3).compactMap { $0["cx"].flatMap(Double.init) }
    #expect(x[0] > x[1] && x[1] > x[2])
  }

  @Test("A value without a place parts its line, and a band is drawn where intervals are")
  func gaps() throws {
    let found = try elements(chart().svg)
    // ddim's line, pndm's from 3 to 4, and two rows of the legend.
    #expect(found["polyline"]?.count == 4)
    #expect(found["polygon"]?.count == 1)
    let negative = LineChart(
      title: "t", description: "d", x: Axis("x"), y: Axis("y", scale: .logarithmic),
      lines: [.init("l", [.init(0, -1), .init(1, 0), .init(2, 3), .init(3, 5)])])
    #expect(try elements(negative.svg)["circle"]?.count == 2)
  }

  @Test("Names of rules lie beside each other, however near the rules are, and a thousand steps have ticks to read")
  func markers() throws {
    let names = ["drift fixed point", "bimodal density", "speciation", "Gaussian better above", "M1 = 1"]
    let chart = LineChart(
      title: "t", description: "d", x: Axis("step", isReversed: true), y: Axis("y"),
      lines: [.init("l", [.init(0, 0), .init(980, 1)]), .init("m", [.init(0, 1), .init(980, 0)])],
      markers: zip([604, 549, 545, 603, 470], names).map { .init($0, $1) })
    let texts = try #require(try elements(chart.svg)["text"]).filter { $0["class"] == "small" }
    #expect(texts.count == names.count)
    // At least five units a letter of the shortest name, in the same row.
    let boxes = texts.map { text -> (y: Double, x: ClosedRange<Double>) in
      let x = text["x"].flatMap(Double.init) ?? 0, y = text["y"].flatMap(Double.init) ?? 0
      return (y, text["text-anchor"] == "start" ? x...x + 30 : x - 30...x)
    }
    for (place, box) in boxes.enumerated() {
      #expect(boxes[..<place].allSatisfy { $0.y != box.y || !$0.x.overlaps(box.x) })
      #expect(box.x.lowerBound > 64 && box.x.upperBound < 560)
    }
    for tick in [200, 400, 600, 800] { #expect(chart.svg.contains(">\(tick)</text>")) }
  }

  @Test("Hundred thousand points stay a small picture that keeps the extremes")
  func manyPoints() throws {
    var points = (0..<100_000).map { LineChart.Point(Double($0), sin(Double($0))) }
    points[77_777].y = 50
    let svg = LineChart(title: "t", description: "d", x: Axis("x"), y: Axis("y"), lines: [.init("l", points)]).svg
    #expect(svg.utf8.count < 60_000)
    let top = try #require(try elements(svg)["polyline"]?.first?["points"]).split(separator: " ")
      .compactMap { $0.split(separator: ",").last.flatMap { Double($0) } }.min()
    // The frame begins at 44, and the largest value has four hundredths of room.
    #expect(try #require(top) < 60)
  }

  @Test("Bars stand on zero, with the height of their values")
  func bars() throws {
    let svg = BarChart(
      title: "Classes", description: "d", categories: ["zero", "one"], categoryLabel: "class", y: Axis("%"),
      series: [.init("data", [10, 20], intervals: [9...11, nil]), .init("model", [5, -5])]
    ).svg
    let bars = try #require(try elements(svg)["rect"]).filter { ["s0", "s1"].contains($0["class"]) }
    let heights = bars.compactMap { $0["height"].flatMap(Double.init) }
    #expect(heights.count == 6)
    #expect(abs(heights[2] / heights[0] - 2) < 0.02 || abs(heights[1] / heights[0] - 0.5) < 0.02)
    #expect(svg.contains("class=\"whisker\""))
  }

  @Test("A heat map has a cell a finite value, from the darkest to the lightest shade")
  func heatMap() throws {
    let svg = HeatMap(
      title: "t", description: "d", rows: ["a", "b"], rowLabel: "r", columns: ["1", "2"], columnLabel: "c",
      values: [[0, 1], [.nan, 4]]
    ).svg
    let cells = try #require(try elements(svg)["rect"]).filter { $0["class"] == "shade" }
    #expect(cells.map { $0["style"] ?? "" } == ["fill:rgb(68,1,84)", "fill:rgb(59,82,139)", "fill:rgb(253,231,37)"])
  }

  @Test("A chart of nothing is a chart")
  func empty() throws {
    _ = try elements(LineChart(title: "", description: "", x: Axis(""), y: Axis(""), lines: []).svg)
    _ = try elements(
      HeatMap(title: "", description: "", rows: [], rowLabel: "", columns: [], columnLabel: "", values: []).svg)
    _ = try elements(
      BarChart(title: "", description: "", categories: [], categoryLabel: "", y: Axis(""), series: []).svg)
    _ = try elements(Table(title: "", columns: [], rows: []).svg)
  }
}

@Suite("Tables")
struct TableTests {
  private let table = Table(
    title: "Distances", columns: [.init("sampler"), .init("distance", isNumeric: true)],
    rows: [["ddim, eta 1", "12.5"], ["a|b \"c\"", "3"], ["short"]])

  @Test("Text sets numbers to the right, without spaces at the ends of lines")
  func plainText() {
    #expect(
      table.plainText == """
        sampler      distance
        ddim, eta 1      12.5
        a|b "c"             3
        short
        """)
  }

  @Test("Markdown escapes bars")
  func markdown() {
    #expect(
      table.markdown == """
        | sampler | distance |
        |---|---:|
        | ddim, eta 1 | 12.5 |
        | a\\|b "c" | 3 |
        | short |  |
        """)
  }

  @Test("CSV quotes commas and quotes")
  func csv() {
    #expect(table.csv == "sampler,distance\n\"ddim, eta 1\",12.5\n\"a|b \"\"c\"\"\",3\nshort,\n")
  }
}
