import Diffusion
import SymmetryBreaking

extension NetworkAnalysis {
  /// The step at which a multiplier passes 1, by every set of draws; nil where it does not between the steps of the study.
  ///
  /// The first set narrows the two steps of the curve between which it passes; each other set begins around the place that the first
  /// one found, and widens that until it holds its own crossing.
  ///
  /// - Parameters:
  ///   - order: Which multiplier, from 0.
  ///   - cells: The curve of the first set.
  func crossing(
    of order: Int, _ cells: [MultiplierCell], _ watch: StudyProgress
  ) throws -> NetworkFindings.Crossing? {
    guard cells.allSatisfy({ $0.values.count > order }),
      let bracket = crossingBracket(steps: settings.steps, values: cells.map { $0.values[order] }, threshold: 1)
    else { return nil }
    let each = parameter(set: 0, watch).evaluationsPerMultiplier
    var places: [Double] = []
    for set in 0..<settings.sets {
      watch.begin("crossing of multiplier \(order + 1), draws \(set + 1) of \(settings.sets)", total: 4 * each)
      func value(_ step: Int) throws -> Double { try multipliers(at: step, set: set, watch).values[order] }
      let around = try places.first.map { try widened(around: $0, within: bracket, value) } ?? bracket
      // A set that passes nowhere near has no crossing to report, and its absence is told.
      guard let around, let place = try fallingCrossing(of: 1, in: around, width: settings.width, value) else {
        continue
      }
      places.append(place)
    }
    return places.isEmpty ? nil : .init(order: order + 1, places: places, sets: settings.sets)
  }

  /// Two steps around a place that hold a crossing, at most as far away as four times the bracket of the curve is wide.
  private func widened(
    around place: Double, within bracket: ClosedRange<Int>, _ value: (Int) throws -> Double
  ) throws -> ClosedRange<Int>? {
    let centre = Int(place.rounded()), largest = max(bracket.count * 4, settings.width), last = model.schedule.last
    var half = max(1, settings.width / 2)
    while half <= largest {
      let (low, high) = (max(0, centre - half), min(last, centre + half))
      if try value(low) >= 1, try value(high) < 1 { return low...high }
      half *= 3
    }
    return nil
  }
}
