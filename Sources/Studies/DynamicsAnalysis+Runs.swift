import Compute
import Diffusion
import Files
import Models
import Tensors

extension DynamicsAnalysis {
  /// The finished runs of a block of samples.
  struct Run {
    /// The class of every sample.
    let classes: [Int]
    /// The class of the estimate of the clean image: a list a step of the plan, the finished sample last.
    let answers: [[Int]]
    /// The states at the steps of the study, and the samples after them: `[steps + 1, samples, channels, height, width]`.
    let states: [Float]
  }

  /// What is drawn beside a sample.
  enum Companion: String, Codable {
    /// From the sample's own state on, with fresh noise.
    case clone
    /// From the finished sample, noised to the step.
    case turn
  }

  /// Everything that a cell depends on besides the study's identity.
  private struct CellSettings: Codable {
    var first: Int
    var count: Int
    var seed: UInt64
    var samplerSteps: Int
    /// The steps at which runs stop, since these change the runs.
    var visiting: [Int]
    var step: Int?
    var companion: Companion?
  }

  private func cell(
    _ name: String, _ block: Range<Int>, step: Int? = nil, _ companion: Companion? = nil
  ) throws -> CellStore.Cell {
    try store.cell(
      "\(name)-\(block.lowerBound)",
      CellSettings(
        first: block.lowerBound, count: block.count, seed: settings.seed, samplerSteps: settings.samplerSteps,
        visiting: settings.steps, step: step, companion: companion))
  }

  private func seeds(_ block: Range<Int>) -> [UInt64] { block.map { settings.seed &+ UInt64($0) } }

  /// Draws the samples of a block, unless they are there.
  func run(of block: Range<Int>, _ watch: StudyProgress) throws -> Run {
    let cell = try cell("run", block), path = store.path(of: cell, "npy")
    let answers = try store.result(
      of: cell, with: ["npy"], wasKnown: { watch.advance(by: block.count * plan.steps.count) }
    ) {
      var answers = [[Int]](repeating: [], count: plan.steps.count + 1)
      var states: [Int: [Float]] = [:]
      let samples = try model.samples(plan, seeds: seeds(block), watch) { _, step, before, denoised in
        answers[step.index] += try classify(denoised)
        let timestep = Int(step.from.timestep)
        if settings.steps.contains(timestep) { states[timestep, default: []] += try before.values() }
      }
      answers[plan.steps.count] = try classes(of: samples)
      let values = settings.steps.flatMap { states[$0] ?? [] } + samples
      let shape = [settings.steps.count + 1, block.count] + model.rowShape
      try OutputFile.write(NumpyArray(values, shape: shape).encoded(), to: path)
      return answers
    }
    return Run(classes: answers.last ?? [], answers: answers, states: try NumpyArray(contentsOf: path).floats)
  }

  /// The classes of what is drawn beside the samples of a block from one step on.
  func classes(
    of companion: Companion, _ block: Range<Int>, at step: Int, _ run: Run, _ watch: StudyProgress
  ) throws -> [Int] {
    let cell = try cell("\(companion.rawValue)-\(step)", block, step: step, companion), plan = rest(from: step)
    return try store.result(of: cell, wasKnown: { watch.advance(by: block.count * plan.steps.count) }) {
      let size = block.count * model.shape.count, place = settings.steps.firstIndex(of: step) ?? 0
      let states =
        switch companion {
        case .clone: Array(run.states[place * size..<(place + 1) * size])
        case .turn:
          try noised(Array(run.states[settings.steps.count * size..<(settings.steps.count + 1) * size]), block, step)
        }
      return try classes(of: model.samples(plan, seeds: fresh(block, step, companion), from: states, watch))
    }
  }

  /// Seeds whose streams no other run of the study draws from: the samples' own with another upper half.
  private func fresh(_ block: Range<Int>, _ step: Int, _ companion: Companion) -> [UInt64] {
    let stream = UInt64(2 * (step + 1) + (companion == .clone ? 0 : 1))
    return seeds(block).map { $0 ^ (stream << 40) }
  }

  /// Finished samples, noised to a step.
  private func noised(_ samples: [Float], _ block: Range<Int>, _ step: Int) throws -> [Float] {
    let level = model.schedule.level(at: step)
    let noise = SeededNoise(
      seeds: fresh(block, step, .turn), sampleShape: model.rowShape, on: model.backend
    ).freshNoise()
    return try Tensor.combination([(level.alpha, model.tensor(samples, 0..<block.count)), (level.sigma, noise)])
      .values()
  }

  /// The classes of samples, in batches that fit into memory.
  private func classes(of samples: [Float]) throws -> [Int] {
    let count = samples.count / model.shape.count
    return try stride(from: 0, to: count, by: model.batch).flatMap {
      try classify(model.tensor(samples, $0..<min($0 + model.batch, count)))
    }
  }
}
