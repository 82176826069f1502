import Models

extension SamplingSettings {
  /// The class of all samples; nil where there is none or there are several.
  public var classLabel: Int? {
    get {
      if case .labels(let labels)? = classes, labels.count == 1 { labels[0] } else { nil }
    }
    set { classes = newValue.map { .labels([$0]) } }
  }

  /// The labels of samples, by their places in the run; nil for a run without classes.
  func labels(of places: Range<Int>) -> [Int]? {
    guard case .labels(let labels)? = classes, !labels.isEmpty else { return nil }
    return places.map { labels[$0 % labels.count] }
  }

  /// The settings of some of the samples, each of which keeps its seed and its class.
  public func selecting(_ places: some Collection<Int>) -> SamplingSettings {
    var result = self
    result.seeds = places.map { seeds[$0] }
    if case .labels(let labels)? = classes, labels.count > 1 {
      result.classes = ClassList(of: places.map { labels[$0 % labels.count] })
    }
    return result
  }

  /// The settings with the classes of a model in place of ``ClassList/each``.
  ///
  /// - Throws: `ModelError` if the model has none.
  func resolved(for model: any DiffusionModel) throws(ModelError) -> SamplingSettings {
    guard classes == .each else { return self }
    guard let rows = model.classCount else { throw .noClasses(model: model.name) }
    var result = self
    result.classes = .labels(Array(0..<max(1, rows - 1)))
    return result
  }

  /// What the samples of some places are drawn for; one label for all where there is but one.
  func condition(of places: Range<Int>) -> SamplingCondition {
    .init(
      classLabels: classLabel.map { [$0] } ?? labels(of: places), guidance: guidance, guidanceInterval: guidanceInterval
    )
  }

  /// What all samples are drawn for, each class named once.
  var condition: SamplingCondition {
    guard case .labels(let labels)? = classes else {
      return .init(guidance: guidance, guidanceInterval: guidanceInterval)
    }
    return .init(classLabels: Set(labels).sorted(), guidance: guidance, guidanceInterval: guidanceInterval)
  }
}
