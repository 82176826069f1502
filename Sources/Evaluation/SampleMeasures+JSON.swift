public import Files

extension Estimate {
  /// The value under a name, its interval under `NAME_interval` as `{"lower": a, "upper": b}` and its bias under `NAME_bias`.
  ///
  /// - Parameter name: The name of the value.
  public func members(_ name: String) -> [String: JSONValue] {
    var members = [name: JSONValue.number(value)]
    if let interval {
      members[name + "_interval"] = .object([
        "lower": .number(interval.lowerBound), "upper": .number(interval.upperBound),
      ])
    }
    if let bias { members[name + "_bias"] = .number(bias) }
    return members
  }
}

extension SampleMeasures {
  /// The measures by name, as `evaluate --json` and the cells of a study have them.
  ///
  /// `classes` and `classes_of_data` are the shares of the first question's classes; `questions` has all of them with their
  /// entropies.
  public var members: [String: JSONValue] {
    var members = ["images": JSONValue.number(Double(count))]
    func add(_ others: [String: JSONValue]?) { members.merge(others ?? [:]) { $1 } }
    add(frechet?.members("feature_frechet_distance"))
    if let kernel {
      add(kernel.estimate.members("kernel_distance"))
      members["kernel_distance_deviation"] = .number(kernel.deviation)
      members["kernel_distance_subset"] = .number(Double(kernel.subsetSize))
    }
    add(manifold?.precision.members("precision"))
    add(manifold?.recall.members("recall"))
    add(manifold?.density.members("density"))
    add(manifold?.coverage.members("coverage"))
    if let first = compositions.first {
      members["classes"] = first.answers.composition.json
      if let data = first.data { members["classes_of_data"] = data.json }
      members["questions"] = .array(compositions.map { .object($0.members) })
    }
    if !inceptionScores.isEmpty {
      members["inception_scores"] = .array(
        inceptionScores.map { score in
          .object(["question": .string(score.question)].merging(score.score.members("score")) { $1 })
        })
    }
    return members
  }
}

extension Composition {
  /// The shares.
  var json: JSONValue { .array(shares.map { .number($0) }) }
}

extension CompositionMeasures {
  /// The measures of one question by name.
  var members: [String: JSONValue] {
    var members = answers.members(prefix: "").merging(["question": .string(name)]) { $1 }
    if let data {
      members["classes_of_data"] = data.json
      members["entropy_of_data"] = .number(data.entropy)
    }
    if let corrected { members.merge(corrected.members(prefix: "corrected_")) { $1 } }
    if let correctedData {
      members["corrected_classes_of_data"] = correctedData.json
      members["corrected_entropy_of_data"] = .number(correctedData.entropy)
    }
    return members
  }
}

extension CompositionMeasures.Values {
  /// The measures by name; entropies and divergences are in bits.
  func members(prefix: String) -> [String: JSONValue] {
    var members = [prefix + "classes": composition.json]
    members.merge(entropy.members(prefix + "entropy")) { $1 }
    members.merge(totalVariation?.members(prefix + "total_variation") ?? [:]) { $1 }
    members.merge(divergence?.members(prefix + "divergence") ?? [:]) { $1 }
    return members
  }
}
