extension LineChart {
  /// The numbers of all lines, a row a point: the line's name, its place, its value and the ends of its interval.
  public var table: Table {
    let rows = lines.flatMap { line in
      line.points.map { point in
        [line.name, "\(point.x)", "\(point.y)"]
          + [point.interval?.lowerBound, point.interval?.upperBound].map { $0.map { "\($0)" } ?? "" }
      }
    }
    return Table(
      title: title,
      columns: [
        .init("line"), .init(x.label, isNumeric: true), .init(y.label, isNumeric: true),
        .init("lower", isNumeric: true), .init("upper", isNumeric: true),
      ], rows: rows)
  }
}
