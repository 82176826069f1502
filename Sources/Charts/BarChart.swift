/// Bars in groups: one group a category, one bar a series, with intervals.
public struct BarChart: Sendable, Hashable {
  /// The bars of one colour, one a category.
  public struct Series: Sendable, Hashable {
    /// What the legend calls it.
    public var name: String
    /// The values, one a category; one that is not finite has no bar.
    public var values: [Double]
    /// The interval of each value, or none.
    public var intervals: [ClosedRange<Double>?]

    /// A series.
    public init(_ name: String, _ values: [Double], intervals: [ClosedRange<Double>?] = []) {
      self.name = name
      self.values = values
      self.intervals = intervals
    }
  }

  /// The heading.
  public var title: String
  /// What the chart shows, for those who cannot see it.
  public var description: String
  /// The names of the groups.
  public var categories: [String]
  /// What the groups are.
  public var categoryLabel: String
  /// The axis of the values; it begins at zero.
  public var y: Axis
  /// The bars.
  public var series: [Series]

  /// A chart.
  public init(
    title: String, description: String, categories: [String], categoryLabel: String, y: Axis, series: [Series]
  ) {
    self.title = title
    self.description = description
    self.categories = categories
    self.categoryLabel = categoryLabel
    self.y = y
    self.series = series
  }

  /// The picture as SVG.
  public var svg: String {
    var canvas = Canvas(width: 720, height: 400)
    let hasLegend = series.count > 1
    var frame = PlotFrame(canvas: canvas, right: hasLegend ? 160 : 24)
    let ends = series.flatMap { row in
      row.values + row.intervals.compactMap { $0?.upperBound } + row.intervals.compactMap { $0?.lowerBound }
    }
    frame.setAxes(x: Axis(categoryLabel), xValues: [], y: y, yValues: ends + [0])
    frame.draw(title: title, hasXTicks: false, on: &canvas)
    let width = (frame.right - frame.left) / Double(max(1, categories.count))
    for (group, name) in categories.enumerated() {
      let start = frame.left + width * Double(group)
      canvas.text(name, at: .init(x: start + width / 2, y: frame.bottom + 19), .middle)
      draw(group, from: start + width * 0.1, width: width * 0.8, frame, &canvas)
    }
    if hasLegend {
      for (place, row) in series.enumerated() {
        frame.drawLegend(row.name, row: place, StyleSheet.series(place), isFilled: true, on: &canvas)
      }
    }
    return canvas.document(title: title, description: ([description] + series.map(numbers)).joined(separator: "\n"))
  }

  private func draw(_ group: Int, from start: Double, width: Double, _ frame: PlotFrame, _ canvas: inout Canvas) {
    let bar = width / Double(max(1, series.count))
    for (place, row) in series.enumerated() where row.values.indices.contains(group) {
      guard let top = frame.yPlace(row.values[group]), let zero = frame.yPlace(0) else { continue }
      let x = start + bar * Double(place)
      canvas.rectangle(
        .init(x: x, y: min(top, zero)), width: max(1, bar - 1), height: abs(zero - top), class: StyleSheet.series(place)
      )
      guard row.intervals.indices.contains(group), let interval = row.intervals[group],
        let low = frame.yPlace(interval.lowerBound), let high = frame.yPlace(interval.upperBound)
      else { continue }
      canvas.line(.init(x: x + bar / 2, y: low), .init(x: x + bar / 2, y: high), class: "whisker")
    }
  }

  private func numbers(of row: Series) -> String {
    let values = zip(categories, row.values).enumerated().map { place, pair in
      let interval = row.intervals.indices.contains(place) ? row.intervals[place] : nil
      return "\(pair.0): \(brief(pair.1))"
        + (interval.map { " (\(brief($0.lowerBound)) to \(brief($0.upperBound)))" } ?? "")
    }
    return "\(row.name): \(values.joined(separator: ", "))."
  }
}
