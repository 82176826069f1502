import DiffuseGPU

extension Estimate {
  /// The value with its interval: `1.304 (1.210 to 1.391)`.
  func text(digits: Int = 3) -> String {
    rounded(value, digits: digits)
      + (interval.map {
        " (\(rounded($0.lowerBound, digits: digits)) to \(rounded($0.upperBound, digits: digits)))"
      } ?? "")
  }
}

extension SampleMeasures {
  /// The measures for people, a line each.
  func text(by network: any FeatureExtractor) -> String {
    var lines: [String] = []
    if let frechet {
      let bias = frechet.bias.map { ", of which its bias is about \(rounded($0, digits: 3))" } ?? ""
      lines.append("\(network.distanceName) \(frechet.text())" + bias)
    }
    if let kernel {
      lines.append(
        "kernel distance \(kernel.estimate.text(digits: 5)), by \(kernel.subsetCount) subsets of \(kernel.subsetSize)")
    }
    if let manifold {
      lines.append("precision \(manifold.precision.text()), recall \(manifold.recall.text())")
      lines.append("density \(manifold.density.text()), coverage \(manifold.coverage.text())")
    }
    for score in inceptionScores { lines.append("\(score.question): Inception Score \(score.score.text())") }
    for composition in compositions { lines += composition.lines }
    return (["\(count) images in the features of \(network.name)"] + lines).joined(separator: "\n  ")
  }
}

extension CompositionMeasures {
  /// The composition, the data's, and both without the classifier's errors.
  fileprivate var lines: [String] {
    func percent(_ composition: Composition) -> String {
      composition.shares.map { rounded(100 * $0, digits: 1) }.joined(separator: " ")
    }
    func line(_ kind: String, _ values: Values) -> String {
      "\(name)\(kind), %: \(percent(values.composition)); entropy \(values.entropy.text()) bits"
        + (values.totalVariation.map { ", total variation to the data \($0.text())" } ?? "")
    }
    func line(_ kind: String, _ data: Composition) -> String {
      "\(name) of the data\(kind), %: \(percent(data)); entropy \(rounded(data.entropy, digits: 3)) bits"
    }
    return [line("", answers)] + (data.map { [line("", $0)] } ?? [])
      + (corrected.map { [line(" without the classifier's errors", $0)] } ?? [])
      + (correctedData.map { [line(" without the classifier's errors", $0)] } ?? [])
  }
}
