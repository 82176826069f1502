public import Compute
import Diffusion
import Foundation
public import Models
public import Tensors

/// A model on a device, for programs that do other things meanwhile: an actor that samples without blocking its callers.
///
/// ```swift
/// let session = SamplingSession(model, on: backend)
/// for try await preview in session.sample(SamplingSettings(seeds: [0, 1, 2])) {
///   show(preview.values, preview.shape)
/// }
/// ```
///
/// The session owns both: nobody else may use them. It works on a thread of its own, one piece of work at a time. A consumer that
/// is slow misses steps and never holds the sampler up; one that leaves the loop, or whose task is cancelled, ends the run before
/// its next step. Samples are those of ``SamplingPipeline``, bit for bit.
public actor SamplingSession {
  private nonisolated let thread = SessionThread()
  private let model: any DiffusionModel
  private let backend: any Backend

  /// The session's own thread, so that the threads of Swift's tasks are not blocked.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

  /// A session that takes a model and a device over.
  public init(_ model: sending any DiffusionModel, on backend: sending any Backend) {
    self.model = model
    self.backend = backend
  }

  /// Samples, and shows what there is after every step.
  ///
  /// - Parameters:
  ///   - settings: What is sampled.
  ///   - inputs: Arrays that take the place of what the run would make itself.
  ///   - view: What previews show of samples that are not finished.
  ///   - keepsAll: Whether a slow consumer finds every preview, which are kept for it, and not the newest alone.
  /// - Returns: A preview for each step, and at last that of the finished samples. Throws what ``SamplingPipeline`` throws, and
  ///   `CancellationError` where the run was cancelled.
  public nonisolated func sample(
    _ settings: SamplingSettings, inputs: SamplingInputs = .init(),
    showing view: TrajectoryRecorder.View = .denoised, keepsAll: Bool = false
  ) -> AsyncThrowingStream<SamplingPreview, any Error> {
    AsyncThrowingStream(bufferingPolicy: keepsAll ? .unbounded : .bufferingNewest(1)) { previews in
      let task = Task { await run(settings, inputs, view, previews) }
      previews.onTermination = { reason in
        if case .cancelled = reason { task.cancel() }
      }
    }
  }

  /// Does work of another kind with the model, in its turn.
  ///
  /// - Parameter body: Called on the session's thread.
  public func perform<Result: Sendable>(
    _ body: @Sendable (_ model: any DiffusionModel, _ backend: any Backend) throws -> Result
  ) rethrows -> Result {
    try body(model, backend)
  }

  private func run(
    _ settings: SamplingSettings, _ inputs: SamplingInputs, _ view: TrajectoryRecorder.View,
    _ previews: AsyncThrowingStream<SamplingPreview, any Error>.Continuation
  ) {
    do {
      try Task.checkCancellation()
      let pipeline = try SamplingPipeline(model, settings, inputs: inputs, on: backend)
      let clock = ContinuousClock(), begin = clock.now
      var preview = SamplingPreview(of: pipeline), finished: [Float] = []
      let summary = try pipeline.run(
        shouldStop: { Task.isCancelled },
        progress: { progress in
          preview.seeds = Array(settings.seeds.prefix(progress.seeds.endIndex))
          preview.step = progress.state.index + 1
          preview.timestep = progress.state.step.to.timestep
          let state = progress.state
          preview.values = finished + (try (view == .denoised ? state.denoised : state.x).values())
          preview.seconds = (clock.now - begin).inSeconds
          previews.yield(preview)
        },
        finished: { images in
          finished += images.values
          preview.evaluations = images.evaluations
        })
      guard !summary.wasStopped else { throw CancellationError() }
      preview.values = finished
      preview.seconds = summary.seconds
      preview.isFinished = true
      previews.yield(preview)
      previews.finish()
    } catch {
      previews.finish(throwing: error)
    }
  }
}

/// What a run of a ``SamplingSession`` has come to.
public struct SamplingPreview: Sendable, Hashable {
  /// Whether the values are finished samples.
  public internal(set) var isFinished = false
  /// Steps that the batch under way has taken, from 1.
  public internal(set) var step = 0
  /// Steps that every batch takes.
  public let steps: Int
  /// The training step that the batch has reached.
  public internal(set) var timestep: Double
  /// Seconds since the first step.
  public internal(set) var seconds = 0.0
  /// Evaluations of the network for each sample (NFE); 0 before the first batch is finished.
  public internal(set) var evaluations = 0
  /// The seeds of ``values``: those of finished batches, then those of the batch under way.
  public internal(set) var seeds: [UInt64] = []
  /// Finished samples, then what is shown of the batch under way, the estimates of its clean samples or its states,
  /// `[seeds, channels, height, width]`, in the range of the model and not clipped.
  public internal(set) var values: [Float] = []
  /// The extents of a sample.
  public let shape: ImageShape

  init(of pipeline: SamplingPipeline) {
    steps = pipeline.plan.steps.count
    timestep = pipeline.plan.start.timestep
    shape = pipeline.imageShape
  }
}

/// A thread on which an actor does work that takes long.
private final class SessionThread: SerialExecutor {
  private let queue = DispatchQueue(label: "diffuse-gpu session")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
