import Foundation

/// A place in a picture, in its user units: to the right and downwards from the upper left corner.
struct Place: Hashable {
  var x: Double
  var y: Double
}

/// An SVG picture under construction.
///
/// Colours come from classes of one style sheet with a light and a dark half, so that a page's or a system's choice decides.
struct Canvas {
  /// Where a text begins.
  enum Anchor: String {
    case start, middle, end
  }

  let width: Double
  let height: Double
  private var parts: [String] = []

  init(width: Double, height: Double) {
    self.width = width
    self.height = height
  }

  mutating func line(_ from: Place, _ to: Place, class name: String) {
    let ends = "x1=\"\(number(from.x))\" y1=\"\(number(from.y))\" x2=\"\(number(to.x))\" y2=\"\(number(to.y))\""
    parts.append("<line \(ends) class=\"\(name)\"/>")
  }

  /// A line through places; fewer than two draw nothing.
  mutating func path(_ places: [Place], class name: String) {
    guard places.count > 1 else { return }
    parts.append("<polyline points=\"\(list(places))\" class=\"\(name)\"/>")
  }

  mutating func polygon(_ places: [Place], class name: String) {
    guard places.count > 2 else { return }
    parts.append("<polygon points=\"\(list(places))\" class=\"\(name)\"/>")
  }

  mutating func dot(_ place: Place, radius: Double, class name: String) {
    parts.append(
      "<circle cx=\"\(number(place.x))\" cy=\"\(number(place.y))\" r=\"\(number(radius))\" class=\"\(name)\"/>")
  }

  /// A rectangle; `fill` is for colours that stand for values and are the same in light and dark.
  mutating func rectangle(_ corner: Place, width: Double, height: Double, class name: String, fill: String? = nil) {
    let extents =
      "x=\"\(number(corner.x))\" y=\"\(number(corner.y))\" width=\"\(number(width))\" height=\"\(number(height))\""
    let colour = fill.map { " style=\"fill:\($0)\"" } ?? ""
    parts.append("<rect \(extents) class=\"\(name)\"\(colour)/>")
  }

  mutating func text(
    _ text: String, at place: Place, _ anchor: Anchor = .start, class name: String = "label", isUpright: Bool = false
  ) {
    let turn = isUpright ? " transform=\"rotate(-90 \(number(place.x)) \(number(place.y)))\"" : ""
    parts.append(
      "<text x=\"\(number(place.x))\" y=\"\(number(place.y))\" text-anchor=\"\(anchor.rawValue)\" class=\"\(name)\"\(turn)>"
        + "\(escaped(text))</text>")
  }

  /// The document; title and description are read to those who cannot see it.
  func document(title: String, description: String) -> String {
    element(title, description, opening: "<svg xmlns=\"http://www.w3.org/2000/svg\"", style: StyleSheet.text) + "\n"
  }

  /// The picture as a part of a page of HTML, which has the style sheet once for all of them.
  ///
  /// - Parameter id: What no other part of the page is called.
  func element(title: String, description: String, id: String) -> String {
    element(title, description, opening: "<svg", prefix: id + "-")
  }

  private func element(
    _ title: String, _ description: String, opening: String, prefix: String = "", style: String? = nil
  ) -> String {
    let box =
      "viewBox=\"0 0 \(number(width)) \(number(height))\" width=\"\(number(width))\" height=\"\(number(height))\""
    let (titleName, descriptionName) = (escaped(prefix + "title"), escaped(prefix + "description"))
    return """
      \(opening) \(box) role="img" aria-labelledby="\(titleName) \(descriptionName)">
      <title id="\(titleName)">\(escaped(title))</title>
      <desc id="\(descriptionName)">\(escaped(description))</desc>
      \(style.map { "<style>\($0)</style>\n" } ?? "")<rect width="100%" height="100%" class="paper"/>
      \(parts.joined(separator: "\n"))
      </svg>
      """
  }

  private func number(_ value: Double) -> String {
    value == value.rounded() ? String(Int(value)) : String(format: "%.1f", value)
  }

  private func list(_ places: [Place]) -> String {
    places.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
  }
}

/// Text between tags: markup's own characters replaced, and left out what XML 1.0 does not allow, what nobody sees, and what turns
/// the direction of the text around it.
func escaped(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
    case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: continue
    case "\u{7F}"..."\u{9F}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}": continue
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}
