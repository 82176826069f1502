/// The colours of all charts, on light and on dark ground.
///
/// Series have the colours of Okabe and Ito (2008), which people with any of the common colour vision deficiencies tell apart, and a dash
/// pattern each, for print without colour. Paper is white, whatever the system.
enum StyleSheet {
  /// Series that differ in colour and dashes; later ones begin again.
  static let seriesCount = 8

  private static let light = ["#0072b2", "#d55e00", "#009e73", "#a64d79", "#b07a00", "#2b8cbe", "#555555", "#7a5195"]
  private static let dark = ["#56b4e9", "#ff8a47", "#3fd0a0", "#e39ac5", "#f0c24b", "#9fd0f0", "#bbbbbb", "#c0a0e0"]
  private static let dashes = ["none", "7 3", "2 3", "9 3 2 3", "5 2", "1 2", "12 4", "4 4 1 4"]

  /// The class of the series at a place of the list.
  static func series(_ place: Int) -> String { "s\(place % seriesCount)" }

  /// The style sheet, a rule a line.
  static let text: String = {
    let shapes = """
      text{font:12px system-ui,sans-serif}.heading{font-size:15px;font-weight:600}.small{font-size:11px;stroke-width:3px;paint-order:stroke}
      .cell{font-variant-numeric:tabular-nums}text.onlight{fill:#111}text.ondark{fill:#fff}.strong{font-weight:600}
      polyline{fill:none;stroke-width:2;stroke-linejoin:round}polyline.faint{stroke-width:.7;opacity:.45;stroke-dasharray:none}
      polygon{stroke:none;opacity:.18}.grid{stroke-width:1}.marker{stroke-width:1.2;stroke-dasharray:4 3}.whisker{stroke-width:1.4}

      """
    let dashed = dashes.enumerated().map { "polyline.s\($0){stroke-dasharray:\($1)}" }.joined(separator: "\n")
    return shapes + dashed + "\n" + rules(light, paper: "#ffffff", ink: "#222222", grid: "#dddddd", muted: "#666666")
      + "\n@media screen and (prefers-color-scheme:dark){\n"
      + rules(dark, paper: "#16181c", ink: "#e8e8e8", grid: "#3a3d44", muted: "#a0a4ab") + "\n}"
  }()

  private static func rules(_ series: [String], paper: String, ink: String, grid: String, muted: String) -> String {
    let lines = series.enumerated().map { place, colour in
      "polyline.s\(place),line.s\(place){stroke:\(colour)}polygon.s\(place),rect.s\(place),circle.s\(place){fill:\(colour)}"
    }
    return
      (lines + [
        ".paper{fill:\(paper)}", "text{fill:\(ink)}", "text.small{fill:\(muted);stroke:\(paper)}",
        ".grid{stroke:\(grid)}",
        ".rule{stroke:\(muted)}", ".marker,.whisker{stroke:\(ink)}",
      ]).joined(separator: "\n")
  }
}
