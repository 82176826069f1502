/// Lines over a common axis, each with a band of uncertainty where its points have one.
public struct LineChart: Sendable, Hashable {
  /// One value of a line.
  public struct Point: Sendable, Hashable {
    /// The place along the horizontal axis.
    public var x: Double
    /// The value.
    public var y: Double
    /// The interval of the value, or nil.
    public var interval: ClosedRange<Double>?

    /// A point.
    public init(_ x: Double, _ y: Double, interval: ClosedRange<Double>? = nil) {
      self.x = x
      self.y = y
      self.interval = interval
    }
  }

  /// Values that belong together.
  public struct Line: Sendable, Hashable {
    /// What the legend calls it.
    public var name: String
    /// The points in the order in which they are joined; a point without a place on its axis parts the line.
    public var points: [Point]
    /// Whether it is drawn faintly, as what lies behind a mean.
    public var isFaint: Bool
    /// Whether every point has a dot; by default where there are few.
    public var hasDots: Bool

    /// A line.
    public init(_ name: String, _ points: [Point], isFaint: Bool = false, hasDots: Bool? = nil) {
      self.name = name
      self.points = points
      self.isFaint = isFaint
      self.hasDots = hasDots ?? (points.count <= 40)
    }
  }

  /// A vertical rule with a name, such as a critical time.
  public struct Marker: Sendable, Hashable {
    /// Its place along the horizontal axis.
    public var x: Double
    /// What stands at it.
    public var name: String

    /// A rule.
    public init(_ x: Double, _ name: String) {
      self.x = x
      self.name = name
    }
  }

  /// The heading.
  public var title: String
  /// What the chart shows, in one or two sentences for those who cannot see it.
  public var description: String
  /// The horizontal axis.
  public var x: Axis
  /// The vertical axis.
  public var y: Axis
  /// The lines, in the order of the legend.
  public var lines: [Line]
  /// The rules.
  public var markers: [Marker]

  /// A chart.
  public init(
    title: String, description: String, x: Axis, y: Axis, lines: [Line], markers: [Marker] = []
  ) {
    self.title = title
    self.description = description
    self.x = x
    self.y = y
    self.lines = lines
    self.markers = markers
  }

  /// The picture as SVG: light or dark as the reader's system is, with the numbers in its description.
  public var svg: String { canvas.document(title: title, description: words) }

  /// The picture as a part of an ``HTMLPage``.
  func element(id: String) -> String { canvas.element(title: title, description: words, id: id) }

  /// The description with the numbers of all lines.
  private var words: String { ([description] + lines.map(numbers)).joined(separator: "\n") }

  private var canvas: Canvas {
    var canvas = Canvas(width: 720, height: 400)
    let hasLegend = lines.count > 1
    var frame = PlotFrame(canvas: canvas, right: hasLegend ? 160 : 24)
    let values = lines.flatMap { $0.points.flatMap { [$0.y, $0.interval?.lowerBound, $0.interval?.upperBound] } }
    frame.setAxes(
      x: x, xValues: lines.flatMap { $0.points.map(\.x) } + markers.map(\.x), y: y,
      yValues: values.compactMap { $0 })
    frame.draw(title: title, on: &canvas)
    for (place, line) in lines.enumerated() { draw(line, StyleSheet.series(place), frame, &canvas) }
    drawMarkers(frame, &canvas)
    if hasLegend {
      for (place, line) in lines.enumerated() {
        frame.drawLegend(line.name, row: place, StyleSheet.series(place), isFaint: line.isFaint, on: &canvas)
      }
    }
    return canvas
  }

  private func draw(_ line: Line, _ series: String, _ frame: PlotFrame, _ canvas: inout Canvas) {
    for part in runs(of: line.points, where: { $0.interval != nil && frame.place($0) != nil }) {
      let upper = part.compactMap { frame.place(.init($0.x, $0.interval?.upperBound ?? $0.y)) }
      let lower = part.compactMap { frame.place(.init($0.x, $0.interval?.lowerBound ?? $0.y)) }
      canvas.polygon(upper + lower.reversed(), class: series)
    }
    for part in runs(of: line.points, where: { frame.place($0) != nil }) {
      canvas.path(thinned(part.compactMap(frame.place)), class: line.isFaint ? "\(series) faint" : series)
    }
    guard line.hasDots else { return }
    for place in line.points.compactMap(frame.place) { canvas.dot(place, radius: 3, class: series) }
  }

  /// Stretches of points that all have something.
  private func runs(of points: [Point], where isKept: (Point) -> Bool) -> [[Point]] {
    points.reduce(into: [[]]) { runs, point in
      if isKept(point) { runs[runs.count - 1].append(point) } else if runs.last?.isEmpty == false { runs.append([]) }
    }
  }

  /// Two places a unit are enough: of more, the least and the largest of each stretch are kept.
  private func thinned(_ places: [Place]) -> [Place] {
    let most = 1200
    guard places.count > 2 * most else { return places }
    let length = (places.count + most - 1) / most
    return stride(from: 0, to: places.count, by: length).flatMap { start -> [Place] in
      let part = places[start..<min(start + length, places.count)]
      guard let low = part.indices.min(by: { part[$0].y < part[$1].y }),
        let high = part.indices.max(by: { part[$0].y < part[$1].y })
      else { return [] }
      return low == high ? [part[low]] : [part[min(low, high)], part[max(low, high)]]
    }
  }

  /// A line's numbers in words, at most twenty of them.
  private func numbers(of line: Line) -> String {
    let points = line.points.filter { x.shows($0.x) && y.shows($0.y) }
    let step = max(1, (points.count + 19) / 20)
    let shown = stride(from: 0, to: points.count, by: step).map { points[$0] }
    let values = shown.map { point in
      "\(brief(point.x)): \(brief(point.y))"
        + (point.interval.map { " (\(brief($0.lowerBound)) to \(brief($0.upperBound)))" } ?? "")
    }
    let part = shown.count < points.count ? ", \(shown.count) of \(points.count) points" : ""
    return "\(line.name)\(part): \(values.joined(separator: ", "))."
  }
}
