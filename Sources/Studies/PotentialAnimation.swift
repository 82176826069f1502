public import Files
import Foundation
import SymmetryBreaking

/// The potential of a world on a line as a moving picture, from noise to data, with its fixed points.
///
/// Full dots are attractors, rings are unstable; the bar below tells how far `theta` has come, the marks on it are the splits.
public struct PotentialAnimation: Sendable {
  private let report: FixedPointReport
  private let potential: LinePotential
  private static let size = (width: 480, height: 320)
  private static let field = (left: 20.0, right: 460.0, top: 20.0, bottom: 270.0)
  private static let highest = 2.0

  /// An animation; nil for worlds of more dimensions.
  ///
  /// - Parameters:
  ///   - report: The world's fixed points.
  ///   - frames: Levels, in equal steps of `theta`.
  public init?(of report: FixedPointReport, frames: Int = 72) {
    let (low, high) = (report.range.lowerBound, report.range.upperBound)
    let thetas = (0..<frames).map { low + (high - low) * Double($0) / Double(max(1, frames - 1)) }
    guard let potential = LinePotential(of: report.world, thetas: thetas, count: 441) else { return nil }
    (self.report, self.potential) = (report, potential)
  }

  /// The pictures as one animated PNG.
  public func encoded() throws(FileError) -> [UInt8] {
    let frames = potential.thetas.indices.map(frame)
    let pauses = frames.indices.map { $0 == frames.count - 1 ? 1500 : 70 }
    return try AnimatedPNG.encoded(
      frames, milliseconds: pauses,
      texts: [
        "Title": "The potential of \(report.name)",
        "Description": """
        The generative potential over the rate against x, as theta goes from \(report.range.lowerBound) to \
        \(report.range.upperBound).
        """,
      ])
  }

  private func frame(_ place: Int) -> PNGImage {
    var sheet = PixelSheet(width: Self.size.width, height: Self.size.height)
    let field = Self.field, curve = potential.curves[place], theta = potential.thetas[place]
    let heights = curve.map { height(of: $0) }
    sheet.line(from: (field.left, field.bottom), to: (field.right, field.bottom), width: 1, PixelSheet.grey)
    for (index, height) in heights.enumerated().dropLast() {
      let x = field.left + Double(index)
      sheet.line(from: (x, height), to: (x + 1, heights[index + 1]), width: 2.4, PixelSheet.blue)
    }
    for point in report.diagram.fixedPoints(at: theta) {
      guard let x = horizontal(point.x[0]), let value = value(at: point.x[0], curve) else { continue }
      sheet.disc(at: (x, height(of: value)), radius: 6, point.isStable ? PixelSheet.orange : PixelSheet.grey)
      if !point.isStable { sheet.disc(at: (x, height(of: value)), radius: 3.5, PixelSheet.white) }
    }
    drawBar(theta, on: &sheet)
    return sheet.picture
  }

  private func drawBar(_ theta: Double, on sheet: inout PixelSheet) {
    let field = Self.field, range = report.range, y = 298.0
    func place(_ theta: Double) -> Double {
      field.left + (field.right - field.left) * (theta - range.lowerBound) / (range.upperBound - range.lowerBound)
    }
    sheet.line(from: (field.left, y), to: (field.right, y), width: 3, PixelSheet.grey)
    sheet.line(from: (field.left, y), to: (place(theta), y), width: 5, PixelSheet.blue)
    for split in report.diagram.splits {
      sheet.line(from: (place(split.theta), y - 8), to: (place(split.theta), y + 8), width: 2, PixelSheet.orange)
    }
  }

  private func height(of value: Double) -> Double {
    let field = Self.field
    return field.bottom - (field.bottom - field.top) * min(value, 1.1 * Self.highest) / Self.highest
  }

  /// The pixel of a place, or nil outside of the picture.
  private func horizontal(_ x: Double) -> Double? {
    let (low, high) = (potential.places[0], potential.places[potential.places.count - 1])
    guard (low...high).contains(x) else { return nil }
    return Self.field.left + (Self.field.right - Self.field.left) * (x - low) / (high - low)
  }

  private func value(at x: Double, _ curve: [Double]) -> Double? {
    potential.places.indices.min { abs(potential.places[$0] - x) < abs(potential.places[$1] - x) }.map { curve[$0] }
  }
}

/// A white sheet on which lines and discs are drawn with smooth edges.
struct PixelSheet {
  typealias Colour = (red: Double, green: Double, blue: Double)
  static let white: Colour = (255, 255, 255), grey: Colour = (140, 140, 140)
  static let blue: Colour = (31, 96, 160), orange: Colour = (214, 96, 20)

  private let width: Int
  private let height: Int
  private var pixels: [UInt8]

  init(width: Int, height: Int) {
    (self.width, self.height) = (width, height)
    pixels = [UInt8](repeating: 255, count: 3 * width * height)
  }

  /// The sheet as a picture.
  var picture: PNGImage { PNGImage(width: width, height: height, channels: 3, pixels: pixels) }

  /// A straight line with round ends.
  mutating func line(from a: (x: Double, y: Double), to b: (x: Double, y: Double), width: Double, _ colour: Colour) {
    let square = (b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y)
    fill(min(a.x, b.x)...max(a.x, b.x), min(a.y, b.y)...max(a.y, b.y), reach: width / 2, colour) { x, y in
      let part = square > 0 ? min(1, max(0, ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) / square)) : 0
      let (dx, dy) = (x - a.x - part * (b.x - a.x), y - a.y - part * (b.y - a.y))
      return (dx * dx + dy * dy).squareRoot()
    }
  }

  /// A disc.
  mutating func disc(at centre: (x: Double, y: Double), radius: Double, _ colour: Colour) {
    line(from: centre, to: centre, width: 2 * radius, colour)
  }

  /// Colours what is nearer than `reach` to a shape, the last pixel in part.
  private mutating func fill(
    _ x: ClosedRange<Double>, _ y: ClosedRange<Double>, reach: Double, _ colour: Colour,
    distance: (Double, Double) -> Double
  ) {
    func range(_ values: ClosedRange<Double>, _ limit: Int) -> Range<Int> {
      let low = min(max(0, Int(values.lowerBound - reach - 1)), limit)
      return low..<min(max(low, Int(values.upperBound + reach + 2)), limit)
    }
    for row in range(y, height) {
      for column in range(x, width) {
        let cover = min(1, max(0, reach + 0.5 - distance(Double(column) + 0.5, Double(row) + 0.5)))
        guard cover > 0 else { continue }
        let start = 3 * (row * width + column)
        for (channel, value) in [colour.red, colour.green, colour.blue].enumerated() {
          let old = Double(pixels[start + channel])
          pixels[start + channel] = UInt8((old + cover * (value - old)).rounded())
        }
      }
    }
  }
}
