import DiffuseGPU

extension [ConvolutionTuner.Finding] {
  /// A line for each layer, and the sum of all calls of an evaluation.
  func text(of backend: any Backend) -> String {
    func row(_ calls: String, _ own: String, _ best: String, _ gain: String, _ rest: String) -> String {
      [padded(calls, 5), padded(own, 8), padded(best, 8), padded(gain, 6), " " + rest].joined(separator: " ")
    }
    func milli(_ seconds: Double?) -> String { seconds.map { rounded(1e3 * $0, digits: 3) } ?? "" }
    var lines = ["\(backend.device.name), products in \(backend.precision.rawValue)"]
    lines.append(row("calls", "own, ms", "best, ms", "gain", "layer: own choice, best if it is another"))
    for finding in self {
      let own = finding.own, choice = finding.best == own.variant ? own.variant : "\(own.variant), \(finding.best)"
      lines.append(
        row(
          "\(finding.calls)", milli(own.seconds), milli(finding.bestSeconds), rounded(finding.gain, digits: 2),
          "\(finding.layer): \(choice)"))
      for entry in finding.measurements {
        if let fault = entry.fault { lines.append("\(entry.variant) is left out: \(fault)") }
      }
    }
    func total(_ seconds: (ConvolutionTuner.Finding) -> Double?) -> Double {
      reduce(0) { $0 + Double($1.calls) * (seconds($1) ?? 0) }
    }
    let own = total(\.own.seconds), best = total(\.bestSeconds)
    if best > 0 {
      lines.append(
        row("", milli(own), milli(best), rounded(own / best, digits: 2), "all convolutions of an evaluation"))
    }
    return lines.joined(separator: "\n")
  }
}
