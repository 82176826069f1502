import Foundation

/// The losses of a run as a picture: every step as a faint line, their running mean as a strong one, on a logarithmic axis.
public struct LossCurve {
  private let losses: [Double]
  private let width = 640.0, height = 320.0, left = 60.0, bottom = 40.0, top = 32.0, right = 24.0

  /// A curve of the losses of steps 1, 2, ...
  public init(_ losses: [Double]) {
    self.losses = losses
  }

  /// The picture as SVG.
  public var svg: String {
    let shown = losses.filter { $0 > 0 && $0.isFinite }
    var mean = RunningMean()
    let means = losses.map { loss in
      mean.add(loss)
      return mean.value
    }
    guard let least = shown.min(), let most = shown.max() else { return document([]) }
    let low = log10(least) - 0.05, high = max(log10(most), low + 0.2) + 0.05
    func x(_ place: Int) -> Double { left + (width - left - right) * Double(place + 1) / Double(max(losses.count, 1)) }
    func y(_ loss: Double) -> Double {
      let part = (log10(max(loss, least)) - low) / (high - low)
      return top + (height - top - bottom) * (1 - part)
    }
    func path(_ values: [Double]) -> String {
      // Two points a pixel are enough.
      let step = max(1, values.count / 1200)
      return stride(from: 0, to: values.count, by: step).filter { values[$0].isFinite }
        .map { String(format: "%.1f,%.1f", x($0), y(values[$0])) }.joined(separator: " ")
    }
    var parts: [String] = []
    for tick in ticks(low, high) {
      let place = String(format: "%.1f", y(tick))
      parts.append("<line x1=\"\(left)\" x2=\"\(width - right)\" y1=\"\(place)\" y2=\"\(place)\" stroke=\"#ddd\"/>")
      parts.append(
        "<text x=\"\(left - 6)\" y=\"\(place)\" dy=\"4\" text-anchor=\"end\">\(String(format: "%g", tick))</text>")
    }
    for part in [0.25, 0.5, 0.75, 1] {
      let step = Int(Double(losses.count) * part)
      parts.append(
        "<text x=\"\(String(format: "%.1f", x(step - 1)))\" y=\"\(height - bottom + 18)\" text-anchor=\"middle\">\(step)</text>"
      )
    }
    parts.append("<text x=\"\((left + width) / 2)\" y=\"\(height - 6)\" text-anchor=\"middle\">step</text>")
    parts.append("<polyline points=\"\(path(losses))\" fill=\"none\" stroke=\"#9ec3e6\" stroke-width=\"0.7\"/>")
    parts.append("<polyline points=\"\(path(means))\" fill=\"none\" stroke=\"#1f5fa8\" stroke-width=\"2\"/>")
    if let last = means.last {
      parts.append(
        "<text x=\"\(width - right)\" y=\"\(top - 14)\" text-anchor=\"end\">loss, mean of 100 steps: \(String(format: "%.4g", last))</text>"
      )
    }
    return document(parts)
  }

  private func document(_ parts: [String]) -> String {
    let head =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(Int(width)) \(Int(height))\" font-family=\"sans-serif\" font-size=\"12\">"
    let paper = "<rect width=\"\(Int(width))\" height=\"\(Int(height))\" fill=\"white\"/>"
    return ([head, paper] + parts + ["</svg>", ""]).joined(separator: "\n")
  }

  /// Round numbers between two logarithms: 1, 2 and 5 times powers of ten, or more of them where those are few.
  private func ticks(_ low: Double, _ high: Double) -> [Double] {
    let powers = (Int(low.rounded(.down))...Int(high.rounded(.up))).map { pow(10, Double($0)) }
    func multiples(_ factors: [Double]) -> [Double] {
      powers.flatMap { power in factors.map { $0 * power } }.filter { low...high ~= log10($0) }
    }
    let few = multiples([1, 2, 5])
    return few.count > 2 ? few : multiples([1, 1.5, 2, 2.5, 3, 4, 5, 6, 8])
  }
}
