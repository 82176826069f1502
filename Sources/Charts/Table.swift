/// Rows of texts under headings, as text, Markdown, CSV or SVG.
public struct Table: Sendable, Hashable {
  /// A heading and how its column is set.
  public struct Column: Sendable, Hashable {
    /// The heading.
    public var name: String
    /// Whether its texts end at one line, as numbers do.
    public var isNumeric: Bool

    /// A column.
    public init(_ name: String, isNumeric: Bool = false) {
      self.name = name
      self.isNumeric = isNumeric
    }
  }

  /// The heading of the table.
  public var title: String
  /// The columns.
  public var columns: [Column]
  /// The rows, a text a column; missing ones are empty.
  public var rows: [[String]]

  /// A table.
  public init(title: String, columns: [Column], rows: [[String]]) {
    self.title = title
    self.columns = columns
    self.rows = rows
  }

  private func text(_ row: [String], _ column: Int) -> String { row.indices.contains(column) ? row[column] : "" }

  /// The width of each column in characters.
  private var widths: [Int] {
    columns.indices.map { column in
      rows.reduce(columns[column].name.count) { max($0, text($1, column).count) }
    }
  }

  /// Columns set with spaces, for a terminal.
  public var plainText: String {
    let widths = widths
    func line(_ row: [String]) -> String {
      let cells = columns.indices.map { column in
        let cell = text(row, column), room = String(repeating: " ", count: widths[column] - cell.count)
        return columns[column].isNumeric ? room + cell : cell + room
      }
      return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
    return ([line(columns.map(\.name))] + rows.map(line)).joined(separator: "\n")
  }

  /// A table of Markdown; bars in texts are escaped.
  public var markdown: String {
    func line(_ cells: [String]) -> String {
      "| "
        + cells.map { $0.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|") }
        .joined(separator: " | ") + " |"
    }
    let rule = "|" + columns.map { $0.isNumeric ? "---:|" : "---|" }.joined()
    return
      ([line(columns.map(\.name)), rule] + rows.map { row in line(columns.indices.map { text(row, $0) }) })
      .joined(separator: "\n")
  }

  /// Comma-separated values as RFC 4180 has them, lines ending in a line feed.
  public var csv: String {
    func cell(_ text: String) -> String {
      guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
      return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
    let lines = [columns.map(\.name)] + rows.map { row in columns.indices.map { text(row, $0) } }
    return lines.map { $0.map(cell).joined(separator: ",") + "\n" }.joined()
  }

  /// The table as a picture.
  public var svg: String {
    let widths = widths.map { Double($0) * 7.2 + 22 }, line = 24.0, top = 44.0
    let total = widths.reduce(0, +)
    var canvas = Canvas(width: max(240, total + 32), height: top + line * Double(rows.count + 1) + 20)
    canvas.text(title, at: .init(x: 16, y: 24), class: "heading")
    for (index, row) in ([columns.map(\.name)] + rows).enumerated() {
      let y = top + line * Double(index) + 16
      var x = 16.0
      for (column, width) in widths.enumerated() {
        let isNumeric = columns[column].isNumeric
        canvas.text(
          text(row, column), at: .init(x: isNumeric ? x + width - 12 : x, y: y), isNumeric ? .end : .start,
          class: index == 0 ? "cell strong" : "cell")
        x += width
      }
      canvas.line(.init(x: 16, y: y + 8), .init(x: 16 + total, y: y + 8), class: index == 0 ? "rule" : "grid")
    }
    return canvas.document(title: title, description: plainText)
  }
}
