import Charts
import Foundation

/// The losses of a run as a picture: every step as a faint line, their running mean as a strong one, on a logarithmic axis.
public struct LossCurve {
  private let losses: [Double]

  /// A curve of the losses of steps 1, 2, ...
  public init(_ losses: [Double]) {
    self.losses = losses
  }

  /// The picture as SVG.
  public var svg: String {
    var mean = RunningMean()
    let means = losses.map { loss in
      mean.add(loss)
      return mean.value
    }
    func line(_ name: String, _ values: [Double], isFaint: Bool) -> LineChart.Line {
      .init(
        name, values.enumerated().map { .init(Double($0.offset + 1), $0.element) }, isFaint: isFaint, hasDots: false)
    }
    let last = means.last.map { String(format: ", mean of 100 steps: %.4g", $0) } ?? ""
    return LineChart(
      title: "Loss" + last, description: "The loss of every training step and its running mean over 100 steps.",
      x: Axis("step"), y: Axis("loss", scale: .logarithmic),
      lines: [line("every step", losses, isFaint: true), line("mean of 100", means, isFaint: false)]
    ).svg
  }
}
