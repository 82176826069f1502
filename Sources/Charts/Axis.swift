import Foundation

/// One direction of a chart: what it shows, on which scale, between which values.
public struct Axis: Sendable, Hashable {
  /// How values become places.
  public enum Scale: Sendable, Hashable {
    /// In proportion to the value.
    case linear
    /// In proportion to the logarithm of the value; values that are not positive have no place.
    case logarithmic
  }

  /// What is shown, with its unit.
  public var label: String
  /// How values become places.
  public var scale: Scale
  /// The least and the largest value, or nil for those of the data with a little room.
  public var range: ClosedRange<Double>?
  /// Whether values grow to the left, or downwards.
  public var isReversed: Bool

  /// An axis.
  public init(
    _ label: String, scale: Scale = .linear, range: ClosedRange<Double>? = nil, isReversed: Bool = false
  ) {
    self.label = label
    self.scale = scale
    self.range = range
    self.isReversed = isReversed
  }

  /// Whether the scale has a place for a value.
  func shows(_ value: Double) -> Bool { value.isFinite && (scale == .linear || value > 0) }
}

/// An axis whose range is known, laid along a length of the picture.
struct AxisMap {
  let axis: Axis
  private let low: Double
  private let high: Double
  private let start: Double
  private let end: Double
  private let isEmpty: Bool

  /// Lays an axis between two places; `values` decide its range where the axis leaves that open.
  init(_ axis: Axis, values: [Double], from start: Double, to end: Double) {
    self.axis = axis
    (self.start, self.end) = axis.isReversed ? (end, start) : (start, end)
    let shown = (axis.range.map { [$0.lowerBound, $0.upperBound] } ?? values).filter(axis.shows)
      .map { axis.scale == .linear ? $0 : log10($0) }
    isEmpty = shown.isEmpty
    let least = shown.min() ?? 0, most = shown.max() ?? 1
    // Equal values would leave no length to divide by.
    let span = most > least ? most - least : max(abs(most) * 0.1, 0.1)
    let room = axis.range == nil ? max(span * 0.04, axis.scale == .linear ? 0 : 0.05) : 0
    low = (most > least ? least : least - span / 2) - room
    high = (most > least ? most : most + span / 2) + room
  }

  /// The place of a value, or nil where the scale has none.
  func place(_ value: Double) -> Double? {
    guard axis.shows(value) else { return nil }
    let part = ((axis.scale == .linear ? value : log10(value)) - low) / (high - low)
    return start + (end - start) * part
  }

  /// Whether a value lies within the range, up to rounding.
  func contains(_ value: Double) -> Bool {
    guard axis.shows(value) else { return false }
    let number = axis.scale == .linear ? value : log10(value), slack = (high - low) * 1e-9
    return (low - slack...high + slack).contains(number)
  }

  /// Round values to label; none where there is nothing to show.
  var ticks: [Double] { isEmpty ? [] : axis.scale == .linear ? linearTicks : logarithmicTicks }

  /// Multiples of the largest of 1, 2 or 5 times a power of ten of which the range holds four.
  private var linearTicks: [Double] {
    let most = (high - low) / 4, power = pow(10, log10(most).rounded(.down))
    let step = ([5, 2].first { $0 * power <= most } ?? 1) * power
    let first = Int((low / step).rounded(.up)), last = Int((high / step).rounded(.down))
    return first <= last ? (first...last).map { Double($0) * step } : []
  }

  /// 1, 2 and 5 times powers of ten, or more of them where those are few, or powers alone where they are many.
  private var logarithmicTicks: [Double] {
    let powers = (Int(low.rounded(.down))...Int(high.rounded(.up))).map { pow(10, Double($0)) }
    func multiples(_ factors: [Double]) -> [Double] {
      powers.flatMap { power in factors.map { $0 * power } }.filter { contains($0) }
    }
    let candidates = [multiples([1]), multiples([1, 2, 5]), multiples([1, 1.5, 2, 2.5, 3, 4, 5, 6, 8])]
    return candidates.first { $0.count > 3 } ?? candidates[2]
  }
}

/// A number as labels and descriptions have it: at most four significant digits.
func brief(_ value: Double) -> String { String(format: "%.4g", value) }
