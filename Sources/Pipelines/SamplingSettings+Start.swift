public import Compute
import Diffusion
public import Models
import SymmetryBreaking

extension SamplingSettings {
  /// Settings whose start is a training step, and how it was found.
  public struct FoundStart: Sendable {
    /// The settings; those that were given unless their start was ``RunStart/automatic(kind:)``.
    public let settings: SamplingSettings
    /// How the start was found, in one line; nil where it was given.
    public let notice: String?
  }

  /// Finds the start that ``RunStart/automatic(kind:)`` asks for: from the fit that the model carries, or else by one from its statistics
  /// alone.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - backend: The device.
  ///   - shouldStop: Asked between evaluations of a fit.
  ///   - progress: Called with the evaluations done and those in all.
  /// - Returns: The settings, or nil if a fit was stopped.
  /// - Throws: ``PipelineError/noFit(model:)`` where there is neither, ``PipelineError/noStart(model:steps:)`` where the fit has no
  ///   start for so many steps, or an error of the file.
  public func foundStart(
    for model: any DiffusionModel, on backend: any Backend, shouldStop: () -> Bool = { false },
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> FoundStart? {
    guard case .automatic(let kind) = start else { return FoundStart(settings: self, notice: nil) }
    let chosen = try model.scheduler(sampler, options, clipSample: clipSample)
    let (scheduler, steps) = (chosen.scheduler, self.steps ?? chosen.steps)
    guard let (fit, isCarried) = try StartFit.known(of: model, on: backend, shouldStop: shouldStop, progress: progress)
    else { return nil }
    let source =
      isCarried
      ? "by its denoising errors"
      : "by its statistics alone, which say nothing of a crossover; a fit to data is better"
    guard let choice = fit.startTime(on: scheduler.schedule).choice(steps: steps, scheduler) else {
      throw PipelineError.noStart(model: model.name, steps: steps)
    }
    var result = self
    result.start = .late(timestep: choice.start, kind: kind)
    let interval = choice.interval
    return FoundStart(
      settings: result,
      notice:
        "\(model.name): the start is training step \(choice.start) (\(interval.lowerBound) to \(interval.upperBound) "
        + "cost at most a tenth more), \(source)")
  }
}
