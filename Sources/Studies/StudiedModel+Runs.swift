import Compute
import Diffusion
import Models
import Tensors

extension StudiedModel {
  /// A whole run that also stops at some training steps on its way.
  ///
  /// - Parameters:
  ///   - steps: Steps of the sampler's own grid.
  ///   - visiting: Training steps that are added to it.
  func plan(steps: Int, visiting: [Int]) throws -> SamplingPlan {
    let plan = try scheduler.plan(steps: steps)
    let levels = plan.steps.map(\.from) + visiting.map { schedule.level(at: $0) }
    let distinct = Dictionary(levels.map { ($0.timestep, $0) }) { first, _ in first }
    let ordered = distinct.values.sorted { $0.timestep > $1.timestep }
    return SamplingPlan(
      levels: ordered + [plan.steps.last?.to ?? .clean], sampler: scheduler.sampler, initialScale: plan.initialScale,
      finalScale: plan.finalScale)
  }

  /// Runs the sampler for some seeds in batches that fit into memory.
  ///
  /// - Parameters:
  ///   - plan: The steps.
  ///   - seeds: One a sample.
  ///   - states: Rows to begin with, or nil for the prior.
  ///   - watch: Counts evaluations, and may end the run.
  ///   - visit: Given the rows of a batch, each step with the state before it, and the estimate of the clean data.
  /// - Returns: The samples, `[seeds, channels, height, width]`.
  /// - Throws: ``StudyError/notFinite(_:)`` where a sample is not finite.
  func samples(
    _ plan: SamplingPlan, seeds: [UInt64], from states: [Float]? = nil, _ watch: StudyProgress,
    visit: (_ rows: Range<Int>, _ step: SamplingStep, _ before: Tensor, _ denoised: Tensor) throws -> Void = {
      _, _, _, _ in
    }
  ) throws -> [Float] {
    var samples: [Float] = []
    for first in stride(from: 0, to: seeds.count, by: batch) {
      let rows = first..<min(first + batch, seeds.count)
      let noise = SeededNoise(seeds: Array(seeds[rows]), sampleShape: rowShape, on: backend)
      let start = states.map { tensor($0, rows) }
      var run = try SamplingRun(plan, sampler: scheduler.sampler, denoiser: denoiser, noise: noise, from: start)
      for step in plan.steps {
        try watch.check()
        let before = run.x
        guard let state = try run.next() else { break }
        try visit(rows, step, before, state.denoised)
        try backend.synchronize()
        watch.advance(by: rows.count)
      }
      samples += try run.x.values()
    }
    guard samples.allSatisfy(\.isFinite) else { throw StudyError.notFinite("samples of \(model.name)") }
    return samples
  }

  /// Some rows of an array of samples, on the device.
  func tensor(_ values: [Float], _ rows: Range<Int>) -> Tensor {
    let size = shape.count
    return Tensor(
      Array(values[rows.lowerBound * size..<rows.upperBound * size]), shape: [rows.count] + rowShape, on: backend)
  }
}
