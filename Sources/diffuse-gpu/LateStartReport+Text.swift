import DiffuseGPU

extension LateStartReport {
  /// Crossover, divergences, the starts for some numbers of steps, and where guidance counts, a line each.
  func text(steps: [Int]) -> String {
    let divergences = divergences.filter { $0.step <= times.crossover ?? 0 }.map { entry in
      let error = entry.standardError.map { " +- \(rounded($0, digits: 2))" } ?? ""
      return "\(rounded(entry.nats, digits: 2))\(error) (\(rounded(entry.unclipped, digits: 2))) at \(entry.step)"
    }
    let starts = steps.compactMap { count in
      start(steps: count).map { choice in
        "\(count) steps from \(choice.start) (\(choice.interval.lowerBound) to \(choice.interval.upperBound))"
      }
    }
    guard let crossover = times.crossover else {
      return "crossover    none: the Gaussian predicts better at all levels, so that there is no late start"
    }
    return """
      crossover    \(crossover)
      divergence   \(divergences.joined(separator: ", ")) nats (unclipped)
      ddim         \(starts.isEmpty ? "no start" : starts.joined(separator: ", "))
      guidance     \(times.guidanceInterval.map { "between steps \($0.lowerBound) and \($0.upperBound)" } ?? "nowhere")
      """
  }
}
