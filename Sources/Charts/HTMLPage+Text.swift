import Foundation

extension HTMLPage {
  /// The page as a file: HTML that is well-formed XML as well.
  public var html: String {
    var writer = Writer()
    let contents = blocks.compactMap { block -> String? in
      guard case .section(let id, let title, _) = block else { return nil }
      return "<li><a href=\"#\(escaped(id))\">\(escaped(title))</a></li>"
    }
    for block in blocks { writer.write(block, level: 2) }
    let navigation = contents.isEmpty ? "" : "<nav aria-label=\"Contents\"><ul>\(contents.joined())</ul></nav>\n"
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <title>\(escaped(title))</title>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="color-scheme" content="light dark"/>
      <meta name="generator" content="\(escaped(generator))"/>
      <meta http-equiv="Content-Security-Policy" content="\(Self.policy)"/>
      <style>
      \(StyleSheet.page)
      \(StyleSheet.text)
      </style>
      </head>
      <body>
      <header>
      <h1>\(escaped(title))</h1>
      \(lead.isEmpty ? "" : "<p class=\"lead\">\(escaped(lead))</p>")
      </header>
      \(navigation)<main>
      \(writer.text)</main>
      </body>
      </html>

      """
  }

  /// Nothing is loaded from anywhere, and nothing runs.
  private static let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
}

/// The body of a page under construction.
private struct Writer {
  private(set) var text = ""
  private var figures = 0

  mutating func write(_ block: HTMLPage.Block, level: Int) {
    switch block {
    case .paragraph(let words): line("<p>\(escaped(words))</p>")
    case .list(let points): line("<ul>\(points.map { "<li>\(escaped($0))</li>" }.joined(separator: "\n"))</ul>")
    case .code(let lines): line("<pre><code>\(lines.map(escaped).joined(separator: "\n"))</code></pre>")
    case .table(let table): write(table)
    case .figure(let figure): write(figure)
    case .section(let id, let title, let blocks):
      // Deeper headings than browsers have would be none.
      let heading = "h\(min(level, 6))", name = escaped(id)
      line("<section id=\"\(name)\" aria-labelledby=\"\(name)-heading\">")
      line("<\(heading) id=\"\(name)-heading\">\(escaped(title))</\(heading)>")
      for block in blocks { write(block, level: level + 1) }
      line("</section>")
    }
  }

  private mutating func line(_ markup: String) { text += markup + "\n" }

  /// A table in a field of its own, which people without a pointing device can move sideways too.
  private mutating func write(_ table: Table) {
    func row(_ tag: String, _ cells: [String], _ scope: String = "") -> String {
      let cells = table.columns.indices.map { place in
        let text = cells.indices.contains(place) ? cells[place] : ""
        // Short texts stay on one line; long ones, such as digests, may not.
        let name = table.columns[place].isNumeric ? "number" : text.count < 25 ? "short" : "long"
        return "<\(tag)\(scope) class=\"\(name)\">\(escaped(text))</\(tag)>"
      }
      return "<tr>\(cells.joined())</tr>"
    }
    let title = escaped(table.title)
    line(
      "<div class=\"wide\" role=\"region\" aria-label=\"\(title)\" tabindex=\"0\"><table><caption>\(title)</caption>")
    line("<thead>\(row("th", table.columns.map(\.name), " scope=\"col\""))</thead>")
    line("<tbody>\(table.rows.map { row("td", $0) }.joined(separator: "\n"))</tbody></table></div>")
  }

  private mutating func write(_ figure: HTMLPage.Figure) {
    figures += 1
    let id = "figure-\(figures)"
    line("<figure id=\"\(id)\">")
    switch figure.content {
    case .chart(let chart):
      line("<div class=\"wide\" role=\"group\" aria-labelledby=\"\(id)-title\" tabindex=\"0\">")
      line("\(chart.element(id: id))</div>")
    case .pictures(let pictures): line("<div class=\"pictures\">\(pictures.map(markup).joined(separator: "\n"))</div>")
    }
    let source = figure.source.map { "<code>\(escaped($0))</code>" }.joined(separator: "\n")
    line("<figcaption><b>Figure \(figures).</b> \(escaped(figure.caption))\n\(source)</figcaption></figure>")
  }

  private func markup(_ picture: HTMLPage.Picture) -> String {
    let data = Data(picture.png).base64EncodedString()
    return "<div class=\"picture\"><p>\(escaped(picture.title))</p><img alt=\"\(escaped(picture.description))\" "
      + "width=\"\(picture.width)\" height=\"\(picture.height)\" src=\"data:image/png;base64,\(data)\"/></div>"
  }
}
