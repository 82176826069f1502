import Charts
import Foundation
import FoundationXML
import Testing

@Suite("Pages of HTML")
struct HTMLPageTests {
  /// What a page is made of, in the order of its elements.
  private final class Reader: NSObject, XMLParserDelegate {
    var elements: [(name: String, attributes: [String: String])] = []
    var text = ""
    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
      attributes: [String: String] = [:]
    ) { elements.append((name, attributes)) }
    func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
  }

  private func read(_ page: HTMLPage) throws -> Reader {
    let parser = XMLParser(data: Data(page.html.utf8)), reader = Reader()
    parser.delegate = reader
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    return reader
  }

  private static let hostile = "<script src=\"https://x\">&\u{202E}\u{1}</script>'"

  private func page(_ words: String) -> HTMLPage {
    let chart = LineChart(
      title: words, description: words, x: Axis(words), y: Axis(words),
      lines: [.init(words, [.init(1, 2, interval: 1...3), .init(2, 3)]), .init("b", [.init(1, 1)])],
      markers: [.init(1.5, words)])
    var page = HTMLPage(title: words, lead: words, generator: words)
    page.blocks = [
      .section(
        id: "first", title: words,
        [
          .paragraph(words), .list([words, "b"]), .code([words, words]),
          .table(
            Table(title: words, columns: [.init(words), .init("n", isNumeric: true)], rows: [[words], ["a", "1"]])),
          .figure(.init(.chart(chart), caption: words, source: [words])),
          .section(
            id: "inner", title: words,
            [
              .figure(
                .init(
                  .pictures([.init(title: words, description: words, png: [1, 2, 3], width: 3, height: 2)]),
                  caption: words)),
              .figure(.init(.chart(chart), caption: "again")),
            ]),
        ]),
      .section(id: "second", title: "Second", [.paragraph("end")]),
    ]
    return page
  }

  @Test("A page is well-formed, and texts stand in it as they are, whatever they hold")
  func escapes() throws {
    let reader = try read(page(Self.hostile))
    #expect(!reader.elements.contains { $0.name == "script" })
    #expect(reader.text.contains("<script src=\"https://x\">&</script>'"))
    #expect(!reader.text.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{1}" })
    let alternative = reader.elements.first { $0.name == "img" }?.attributes["alt"]
    #expect(alternative == "<script src=\"https://x\">&</script>'")
  }

  @Test("Nothing is loaded: addresses are of the page's own parts or of data within it, and its policy forbids others")
  func loadsNothing() throws {
    let page = page("words"), reader = try read(page)
    let links = reader.elements.compactMap { $0.attributes["href"] }
    let ids = reader.elements.compactMap { $0.attributes["id"] }
    #expect(links == ["#first", "#second"] && Set(links.map { String($0.dropFirst()) }).isSubset(of: Set(ids)))
    #expect(reader.elements.compactMap { $0.attributes["src"] } == ["data:image/png;base64,AQID"])
    #expect(!page.html.contains("http:") && !page.html.contains("https:") && !page.html.contains("url("))
    #expect(page.html.contains("default-src 'none'"))
    #expect(!reader.elements.contains { ["script", "link", "iframe", "object"].contains($0.name) })
  }

  @Test("Names are unique, headings stand in order, figures are numbered, and tables and charts say what they are")
  func structure() throws {
    let page = page("words"), reader = try read(page)
    let ids = reader.elements.compactMap { $0.attributes["id"] }
    #expect(ids.count == Set(ids).count)
    let levels = reader.elements.compactMap { $0.name.first == "h" ? Int($0.name.dropFirst()) : nil }
    #expect(levels == [1, 2, 3, 2])
    #expect(reader.elements[0].attributes["lang"] == "en")
    for number in 1...3 { #expect(page.html.contains("<b>Figure \(number).</b>")) }
    #expect(reader.elements.count { $0.name == "caption" } == 1)
    #expect(reader.elements.count { $0.name == "td" } == 4, "missing cells are empty")
    for svg in reader.elements where svg.name == "svg" {
      let names = svg.attributes["aria-labelledby"]?.split(separator: " ").map(String.init) ?? []
      #expect(svg.attributes["role"] == "img" && names.count == 2 && Set(names).isSubset(of: Set(ids)))
    }
    // One style sheet serves all charts.
    #expect(reader.elements.count { $0.name == "style" } == 1)
  }

  @Test("A chart's numbers are a table: a row a point, with the ends of its interval where it has one")
  func numbers() {
    let chart = LineChart(
      title: "t", description: "d", x: Axis("start"), y: Axis("distance"),
      lines: [.init("a", [.init(1, 2.5, interval: 1...3)]), .init("b, c", [.init(2, 4)])])
    #expect(chart.table.csv == "line,start,distance,lower,upper\na,1.0,2.5,1.0,3.0\n\"b, c\",2.0,4.0,,\n")
  }
}
