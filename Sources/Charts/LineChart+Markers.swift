extension LineChart {
  /// Draws the rules with their names, each in the highest row and on the side where it covers no other name and no rule.
  func drawMarkers(_ frame: PlotFrame, _ canvas: inout Canvas) {
    let rules = markers.compactMap { marker in frame.xPlace(marker.x).map { (x: $0, name: marker.name) } }
      .sorted { $0.x < $1.x }
    for rule in rules {
      canvas.line(.init(x: rule.x, y: frame.top), .init(x: rule.x, y: frame.bottom), class: "marker")
    }
    var rows: [[ClosedRange<Double>]] = []
    for (place, rule) in rules.enumerated() {
      let others = rules.indices.filter { $0 != place }.map { rules[$0].x }
      let (row, isRight) = Self.room(for: rule.name, at: rule.x, others, frame, rows)
      while rows.count <= row { rows.append([]) }
      rows[row].append(Self.extent(of: rule.name, at: rule.x, isRight: isRight))
      canvas.text(
        rule.name, at: .init(x: rule.x + (isRight ? 5 : -5), y: frame.top + 14 + 15 * Double(row)),
        isRight ? .start : .end, class: "small")
    }
  }

  /// A row and a side for a name: without a rule across it if there is one, else without another name.
  private static func room(
    for name: String, at x: Double, _ others: [Double], _ frame: PlotFrame, _ rows: [[ClosedRange<Double>]]
  ) -> (row: Int, isRight: Bool) {
    let sides = [x <= (frame.left + frame.right) / 2, x > (frame.left + frame.right) / 2]
    for crossed in [false, true] {
      for row in 0...rows.count {
        for isRight in sides {
          let extent = extent(of: name, at: x, isRight: isRight)
          let isFree = row == rows.count || rows[row].allSatisfy { !$0.overlaps(extent) }
          let isInside = extent.lowerBound >= frame.left && extent.upperBound <= frame.right
          if isFree, isInside, crossed || !others.contains(where: extent.contains) { return (row, isRight) }
        }
      }
    }
    return (rows.count, sides[0])
  }

  /// What a name takes beside its rule, by the mean width of a small letter.
  private static func extent(of name: String, at x: Double, isRight: Bool) -> ClosedRange<Double> {
    let width = 6.2 * Double(name.count) + 5
    return isRight ? x...x + width : x - width...x
  }
}
