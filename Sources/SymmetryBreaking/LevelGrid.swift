import Foundation

/// Signal-to-noise ratios at which something was measured, and a finer grid between them on which it is integrated.
///
/// The finer places are even in the logarithm of the ratio `g`, sixteen for each measured one. Values there lie on a cubic through the
/// measured ones, with the slopes of parabolas through three neighbours, so that everything is linear in what was measured; integrals
/// over `g` are sums of trapezoids, whose error is some 1e-4 of the integral.
struct LevelGrid: Sendable, Hashable {
  /// The finer ratios, rising.
  let ratios: [Double]
  private let places: [Double]
  private let spacing: Double

  /// A grid over measured ratios: at least three, positive and rising.
  init(_ measured: [Double]) {
    precondition(
      measured.count >= 3 && measured[0] > 0 && zip(measured, measured.dropFirst()).allSatisfy(<),
      "levels are at least three, of rising ratios above 0")
    places = measured.map { log($0) }
    let count = 16 * (measured.count - 1)
    let low = places[0], spacing = (places[places.count - 1] - low) / Double(count)
    self.spacing = spacing
    ratios = (0...count).map { exp(low + Double($0) * spacing) }
  }

  /// Values at ``ratios`` from the measured ones.
  func refined(_ values: [Double]) -> [Double] {
    let slopes = slopes(of: values)
    var below = 0
    return ratios.indices.map { (index: Int) -> Double in
      let place = places[0] + Double(index) * spacing
      while below < places.count - 2, places[below + 1] <= place { below += 1 }
      let width = places[below + 1] - places[below]
      let t = min((place - places[below]) / width, 1), rest = 1 - t
      let low: Double = rest * rest * (1 + 2 * t) * values[below]
      let high: Double = t * t * (3 - 2 * t) * values[below + 1]
      let bend: Double = rest * slopes[below] - t * slopes[below + 1]
      return low + high + width * t * rest * bend
    }
  }

  /// The slopes of parabolas through each measured value and its neighbours, at the ends through the three there.
  private func slopes(of values: [Double]) -> [Double] {
    let last = places.count - 1
    let widths: [Double] = (0..<last).map { places[$0 + 1] - places[$0] }
    let secants: [Double] = (0..<last).map { (values[$0 + 1] - values[$0]) / widths[$0] }
    var slopes = [Double](repeating: 0, count: last + 1)
    for place in 1..<last {
      let sum: Double = widths[place] * secants[place - 1] + widths[place - 1] * secants[place]
      slopes[place] = sum / (widths[place - 1] + widths[place])
    }
    slopes[0] = 2 * secants[0] - slopes[1]
    slopes[last] = 2 * secants[last - 1] - slopes[last - 1]
    return slopes
  }

  /// Integrals from zero to each of ``ratios``; below the first of them values are as there.
  func integrals(_ refined: [Double]) -> [Double] {
    var sum = refined[0] * ratios[0]
    return [sum]
      + ratios.indices.dropFirst().map { (index: Int) -> Double in
        sum += (refined[index] + refined[index - 1]) / 2 * (ratios[index] - ratios[index - 1])
        return sum
      }
  }

  /// A refined value at any ratio, moved into the grid.
  func value(_ refined: [Double], at ratio: Double) -> Double {
    let (below, share) = place(of: ratio)
    return refined[below] + share * (refined[below + 1] - refined[below])
  }

  /// The integral from zero to any ratio, moved into the grid.
  func integral(_ refined: [Double], _ integrals: [Double], to ratio: Double) -> Double {
    let (below, share) = place(of: ratio), end = min(max(ratio, ratios[0]), ratios[ratios.count - 1])
    let value = refined[below] + share * (refined[below + 1] - refined[below])
    return integrals[below] + (refined[below] + value) / 2 * (end - ratios[below])
  }

  private func place(of ratio: Double) -> (below: Int, share: Double) {
    let place = min(max((log(max(ratio, .leastNormalMagnitude)) - places[0]) / spacing, 0), Double(ratios.count - 1))
    let below = min(Int(place), ratios.count - 2)
    return (below, place - Double(below))
  }
}
