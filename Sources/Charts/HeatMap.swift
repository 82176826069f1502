/// Values of a grid as shades, each with its number where the cell has room.
public struct HeatMap: Sendable, Hashable {
  /// The heading.
  public var title: String
  /// What the chart shows, for those who cannot see it.
  public var description: String
  /// The names of the rows, from the top, and what they are.
  public var rows: [String]
  /// What the rows are.
  public var rowLabel: String
  /// The names of the columns.
  public var columns: [String]
  /// What the columns are.
  public var columnLabel: String
  /// The values, one list a row; one that is not finite leaves its cell empty.
  public var values: [[Double]]

  /// A chart.
  public init(
    title: String, description: String, rows: [String], rowLabel: String, columns: [String], columnLabel: String,
    values: [[Double]]
  ) {
    self.title = title
    self.description = description
    self.rows = rows
    self.rowLabel = rowLabel
    self.columns = columns
    self.columnLabel = columnLabel
    self.values = values
  }

  private static let left = 110.0, top = 44.0

  /// The picture as SVG; the shades are the same on light and dark ground, their numbers are dark or light as the shade is.
  public var svg: String {
    let cell = Place(x: min(72, max(24, 600 / Double(max(1, columns.count)))), y: 28)
    let right = Self.left + cell.x * Double(columns.count), bottom = Self.top + cell.y * Double(rows.count)
    var canvas = Canvas(width: max(360, right + 24), height: bottom + 56)
    canvas.text(title, at: .init(x: 16, y: 24), class: "heading")
    canvas.text(rowLabel, at: .init(x: 16, y: (Self.top + bottom) / 2), .middle, isUpright: true)
    canvas.text(columnLabel, at: .init(x: (Self.left + right) / 2, y: bottom + 42), .middle)
    let shown = values.joined().filter(\.isFinite), low = shown.min() ?? 0, high = shown.max() ?? 1
    for (row, name) in rows.enumerated() {
      let y = Self.top + cell.y * Double(row)
      canvas.text(name, at: .init(x: Self.left - 8, y: y + cell.y / 2 + 4), .end)
      for (column, value) in (values.indices.contains(row) ? values[row] : []).enumerated() where value.isFinite {
        let shade = high > low ? (value - low) / (high - low) : 0.5
        let corner = Place(x: Self.left + cell.x * Double(column), y: y)
        canvas.rectangle(corner, width: cell.x - 1, height: cell.y - 1, class: "shade", fill: Self.colour(shade))
        guard cell.x >= 44 else { continue }
        canvas.text(
          brief(value), at: .init(x: corner.x + cell.x / 2, y: y + cell.y / 2 + 4), .middle,
          class: shade > 0.55 ? "onlight" : "ondark")
      }
    }
    for (column, name) in columns.enumerated() {
      canvas.text(name, at: .init(x: Self.left + cell.x * (Double(column) + 0.5), y: bottom + 18), .middle)
    }
    return canvas.document(title: title, description: ([description] + numbers).joined(separator: "\n"))
  }

  /// A shade between dark blue and light yellow, of rising lightness (a straight line through viridis' ends and middle).
  private static func colour(_ part: Double) -> String {
    let stops: [(Double, Double, Double)] = [(68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37)]
    let place = min(max(part, 0), 1) * 4, index = min(3, Int(place)), rest = place - Double(index)
    let (a, b) = (stops[index], stops[index + 1])
    func mix(_ x: Double, _ y: Double) -> Int { Int((x + (y - x) * rest).rounded()) }
    return "rgb(\(mix(a.0, b.0)),\(mix(a.1, b.1)),\(mix(a.2, b.2)))"
  }

  private var numbers: [String] {
    zip(rows, values).map { name, row in
      "\(name): " + zip(columns, row).map { "\($0): \(brief($1))" }.joined(separator: ", ") + "."
    }
  }
}
