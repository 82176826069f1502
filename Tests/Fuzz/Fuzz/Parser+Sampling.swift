import DiffuseGPU

extension Parser {
  /// What a run of a sampler is made of, each sampled for a step or two without a network.
  static let sampling: [Parser] = [
    Parser("scheduler") {
      let cases = try fixtures("samplers", ending: "cases.json").first ?? []
      let document = try cases.withUnsafeBytes { try json($0) }
      let texts = (document["cases"]?.array ?? []).compactMap { $0["configuration"]?.line }
      let sigmas = [
        #"{"_class_name": "EDMEulerScheduler", "preconditioning": "iddpm", "M": 100, "sampler": "heun"}"#,
        #"{"_class_name": "EDMEulerScheduler", "preconditioning": "vp", "beta_d": 19.9, "epsilon_t": 1e-5, "rho": 7}"#,
        #"{"_class_name": "EDMDPMSolverMultistepScheduler", "sigma_schedule": "exponential", "sigma_data": 0.5}"#,
        #"{"_class_name": "ScoreSdeVeScheduler", "snr": 0.15, "correct_steps": 2, "sampling_eps": 1e-5, "norms": "batch"}"#,
        #"{"_class_name": "CMStochasticIterativeScheduler", "num_train_timesteps": 40, "s_noise": 1, "time_scale": 250}"#,
      ]
      return [Array(SchedulerConfiguration.training.json.text.utf8)]
        + (sigmas + Set(texts).sorted()).map { Array($0.utf8) }
    } read: { bytes in
      try sample(SchedulerConfiguration(json(bytes), path: "input"))
    },
    Parser("statistics") {
      let statistics = ImageStatistics(shape: shape, moments: try moments())
      return try [statistics.encoded(), statistics.encoded(basisType: .float16)]
    } read: { bytes in
      let statistics = try ImageStatistics(tensors(bytes))
      guard statistics.shape.count <= 64 else { return }
      let again = try statistics.encoded()
      try again.withUnsafeBytes { bytes in
        try BrokenPromise.unless(
          try ImageStatistics(tensors(bytes)).mean == statistics.mean, "statistics are read as they are written")
      }
      let distance = frechetDistance(statistics.moments, statistics.moments)
      try BrokenPromise.unless(distance >= 0, "a distance is not negative")
      try run(ExactWorld(name: "input", .gaussian(statistics)), settings(steps: 2))
    },
    Parser("world") {
      [
        #"{"points": [[1, 0.5], [-1, 0]], "weights": [0.25, 0.75], "variance": 0.1}"#, #"{"points": [[1], [-1]]}"#,
      ].map { Array($0.utf8) }
    } read: { bytes in
      let mixture = try withFile("input.json", bytes) { try PointMixture(contentsOf: $0) }
      guard mixture.points.count * mixture.dimension <= 256 else { return }
      try run(ExactWorld(name: "input", .mixture(mixture)), settings(steps: 2))
    },
    Parser("record") {
      try [RunStart.prior, .late(timestep: 400, kind: .gaussian)].map { start in
        var settings = settings(steps: 2)
        settings.start = start
        let request = SamplingRequest(model: .world(.twoPoints), settings: settings)
        let opened = try request.open { _, _, _ in throw FuzzError("a world has no directory") }
        let record = try RunRecord(
          request, fingerprints: opened.fingerprints, SamplingPipeline(opened.model, opened.settings, on: cpu),
          machine: .init(cpu, .init()), version: "0")
        return Array(record.json.text.utf8)
      }
    } read: { bytes in
      let record = try withFile("input.json", bytes) { try RunRecord(contentsOf: $0) }
      let copy: RunRecord = try record.json.decoded()
      try BrokenPromise.unless(copy == record, "a record is read as it is written")
      guard record.request.settings.seeds.count <= 4, (record.request.settings.steps ?? 50) <= 4 else { return }
      try run(ExactWorld(name: "two points", .mixture(.twoPoints)), record.request.settings)
    },
    Parser("record-picture") {
      let picture = PNGImage(width: 2, height: 2, channels: 1, pixels: [0, 9, 99, 255])
      return [try picture.encoded(texts: ["Software": "diffuse-gpu", "parameters": #"{"request": {}}"#])]
    } read: { bytes in
      let texts = try withFile("input.png", bytes) { try PNGImage.texts(contentsOf: $0) }
      guard texts["parameters"] != nil else { throw FileError("input", "carries no record") }
      _ = try? withFile("input.png", bytes) { try RunRecord(contentsOf: $0) }
    },
  ]

  /// The images of the statistics.
  private static let shape = ImageShape(channels: 1, height: 2, width: 3)

  private static func moments() throws -> Moments {
    var accumulator = MomentAccumulator(dimension: shape.count, rank: 3)
    accumulator.add((0..<5 * shape.count).map { Float($0 * $0 % 7) / 7 })
    return accumulator.moments()
  }

  private static func settings(steps: Int) -> SamplingSettings {
    var result = SamplingSettings(seeds: [1, 2])
    result.steps = steps
    return result
  }

  /// Plans runs of one to three steps, whole and late, and takes their steps.
  private static func sample(_ configuration: SchedulerConfiguration) throws {
    for name in [SamplerName.ddim, .euler] { _ = try? name.configuration(for: configuration) }
    let scheduler = try Scheduler(configuration)
    let isLearned = configuration.values["variance_type"]?.string?.hasPrefix("learned") ?? false
    let denoiser = Halving(type: scheduler.parametrization, predictsVariance: isLearned)
    var plans: [SamplingPlan] = []
    for steps in 1...3 {
      if let plan = try? scheduler.plan(steps: steps) { plans.append(plan) }
      if let plan = try? scheduler.plan(steps: steps, startingAt: scheduler.schedule.last / 2) { plans.append(plan) }
    }
    for plan in plans {
      let noise = SeededNoise(seeds: [1, 2], sampleShape: [2, 1, 2], on: cpu)
      var run = try SamplingRun(plan, sampler: scheduler.sampler, denoiser: denoiser, noise: noise)
      _ = try run.finish().values()
    }
  }

  private static func run(_ model: any DiffusionModel, _ settings: SamplingSettings) throws {
    let pipeline = try SamplingPipeline(model, settings, on: cpu)
    guard pipeline.imageShape.count <= 256 else { return }
    _ = try pipeline.run { images in
      try BrokenPromise.unless(images.values.allSatisfy(\.isFinite), "what is handed out is finite")
    }
  }
}

/// A denoiser without a network: half of the state, whatever that is an estimate of, and a variance in the middle of its range.
private struct Halving: Denoiser {
  let type: Parametrization
  let predictsVariance: Bool

  func prediction(_ x: Tensor, at level: NoiseLevel) throws -> Prediction {
    let values = try x.values(), row = values.count / x.rows
    guard predictsVariance else {
      return Prediction(x: x, level: level, output: x.scaled(by: 0.5), parametrization: type)
    }
    var shape = x.shape
    shape[1] *= 2
    var output: [Float] = []
    for start in stride(from: 0, to: values.count, by: row) {
      output += values[start..<start + row].map { $0 / 2 }
      output += [Float](repeating: 0, count: row)
    }
    return Prediction(x: x, level: level, output: Tensor(output, shape: shape, on: x.backend), parametrization: type)
  }
}
