/// The field between two axes, with its grid, labels and legend.
struct PlotFrame {
  let left: Double
  let right: Double
  let top = 44.0
  let bottom: Double
  private var xMap: AxisMap
  private var yMap: AxisMap

  /// A field that leaves room for labels, and on its right for a legend.
  init(canvas: Canvas, left: Double = 64, right: Double = 24) {
    self.left = left
    self.right = canvas.width - right
    bottom = canvas.height - 50
    xMap = AxisMap(Axis(""), values: [], from: left, to: canvas.width - right)
    yMap = AxisMap(Axis(""), values: [], from: bottom, to: 44)
  }

  mutating func setAxes(x: Axis, xValues: [Double], y: Axis, yValues: [Double]) {
    xMap = AxisMap(x, values: xValues, from: left, to: right)
    yMap = AxisMap(y, values: yValues, from: bottom, to: top)
  }

  /// The place of a point, or nil outside of the field.
  func place(_ point: LineChart.Point) -> Place? {
    guard let x = xPlace(point.x), let y = yPlace(point.y) else { return nil }
    return Place(x: x, y: y)
  }

  func xPlace(_ value: Double) -> Double? { xMap.contains(value) ? xMap.place(value) : nil }

  /// The height of a value; what lies beyond the range stays at its edge.
  func yPlace(_ value: Double) -> Double? { yMap.place(value).map { min(max($0, top), bottom) } }

  /// Title, grid and labels; `hasXTicks` is false where categories stand in place of numbers.
  func draw(title: String, hasXTicks: Bool = true, on canvas: inout Canvas) {
    canvas.text(title, at: .init(x: left, y: 24), class: "heading")
    for tick in yMap.ticks {
      guard let y = yMap.place(tick) else { continue }
      canvas.line(.init(x: left, y: y), .init(x: right, y: y), class: "grid")
      canvas.text(brief(tick), at: .init(x: left - 6, y: y + 4), .end)
    }
    for tick in hasXTicks ? xMap.ticks : [] {
      guard let x = xMap.place(tick) else { continue }
      canvas.line(.init(x: x, y: bottom), .init(x: x, y: bottom + 5), class: "rule")
      canvas.text(brief(tick), at: .init(x: x, y: bottom + 19), .middle)
    }
    canvas.line(.init(x: left, y: bottom), .init(x: right, y: bottom), class: "rule")
    canvas.text(xMap.axis.label, at: .init(x: (left + right) / 2, y: bottom + 38), .middle)
    canvas.text(yMap.axis.label, at: .init(x: 16, y: (top + bottom) / 2), .middle, isUpright: true)
  }

  /// One row of the legend, on the right of the field.
  func drawLegend(
    _ name: String, row: Int, _ series: String, isFaint: Bool = false, isFilled: Bool = false, on canvas: inout Canvas
  ) {
    let x = right + 12, y = top + 10 + 20 * Double(row)
    if isFilled {
      canvas.rectangle(.init(x: x + 8, y: y - 6), width: 12, height: 12, class: series)
    } else {
      canvas.path([.init(x: x, y: y), .init(x: x + 24, y: y)], class: isFaint ? "\(series) faint" : series)
    }
    canvas.text(name, at: .init(x: x + 30, y: y + 4))
  }
}
