import DiffuseGPU

extension Parser {
  /// What measures and late starts read besides samples.
  static let studies: [Parser] = [
    Parser("reference") {
      [reference.encoded()]
    } read: { bytes in
      let reference = try FeatureReference(tensors(bytes))
      guard reference.moments.dimension <= 64 else { return }
      let distance = frechetDistance(reference.moments, reference.moments)
      try BrokenPromise.unless(distance >= 0, "a distance is not negative")
      for question in reference.questions {
        let corrected = question.confusion.map(question.composition.corrected) ?? question.composition
        try BrokenPromise.unless(corrected.entropy >= 0, "an entropy is not negative")
      }
      try reference.encoded().withUnsafeBytes { bytes in
        let again = try FeatureReference(tensors(bytes))
        try BrokenPromise.unless(again.questions == reference.questions, "a reference is read as it is written")
      }
    },
    Parser("class-statistics") {
      let statistics = ImageStatistics(
        shape: ImageShape(channels: 1, height: 1, width: 2), moments: reference.moments)
      return try [statistics.encoded(classes: ClassStatistics([statistics, statistics]))]
    } read: { bytes in
      guard let classes = try ClassStatistics(tensors(bytes)) else { return }
      try BrokenPromise.unless(
        classes.shares.allSatisfy { (0...1).contains($0) }, "shares of classes are between 0 and 1")
      for label in 0..<min(classes.count, 4) { _ = try classes.statistics(of: label) }
    },
    Parser("late-start") {
      let levels = [(900, 0.01, 3.0), (500, 0.5, 1), (100, 20, 0.2)].map { step, ratio, error in
        DenoisingCurve.Level(
          step: step, signalToNoise: ratio, linearError: error, difference: error / 10, standardError: 0.01)
      }
      let fit = LateStartFit(
        weights: ["a": "00"], statistics: nil, draws: 8, rule: .init(), curve: DenoisingCurve(levels: levels))
      return [Array(fit.json.text.utf8)]
    } read: { bytes in
      let fit = try LateStartFit(MappedFile(name: "input", embedded: bytes)), schedule = NoiseSchedule.linear()
      let times = fit.startTime(on: schedule), scheduler = try SamplerName.ddim.scheduler()
      guard let choice = times.choice(steps: 3, scheduler) else { return }
      try BrokenPromise.unless(
        times.crossover.map { choice.start <= $0 } ?? false, "no run starts above the crossover")
    },
  ]

  /// A reference of two features and one question.
  private static var reference: FeatureReference {
    var accumulator = MomentAccumulator(dimension: 2)
    accumulator.add([0, 1, 2, 0.5, -1, 3])
    return FeatureReference(
      extractor: .init(name: "input", sha256: "00"), count: 3, moments: accumulator.moments(),
      rows: [0, 1, 2, 0.5, -1, 3],
      questions: [
        .init(name: "side", composition: Composition(shares: [0.25, 0.75], count: 3), confusion: [[3, 1], [0, 4]])
      ])
  }
}
