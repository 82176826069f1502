import ComputeCPU
import Diffusion
import Foundation
import Models
import Pipelines
import Pretrained
import Tensors
import TestSupport
import Testing

@Suite("Sampling session", .serialized)
struct SamplingSessionTests {
  private static func settings(steps: Int, batch: Int? = nil) -> SamplingSettings {
    var settings = SamplingSettings(seeds: [4, 5, 6])
    settings.sampler = .named(.ddim)
    settings.steps = steps
    settings.batch = batch
    return settings
  }

  private func makeSession() throws -> SamplingSession { .init(try Model.pretrained(), on: try CPUBackend()) }

  @Test("Samples are those of the pipeline bit for bit, whatever the batch", arguments: [nil, 2])
  func samples(batch: Int?) async throws {
    let settings = Self.settings(steps: 3, batch: batch)
    var expected: [Float] = []
    let summary = try SamplingPipeline(try Model.pretrained(), settings, on: CPUBackend()).run { expected += $0.values }
    var last: SamplingPreview?, steps: [Int] = []
    for try await preview in try makeSession().sample(settings) {
      if !preview.isFinished { steps.append(preview.step) }
      #expect(preview.steps == 3 && preview.values.count == preview.seeds.count * preview.shape.count)
      last = preview
    }
    let finished = try #require(last)
    #expect(finished.isFinished && finished.seeds == [4, 5, 6] && finished.values == expected)
    #expect(finished.evaluations == summary.evaluations && finished.timestep == 0)
    #expect(steps == steps.sorted() || batch != nil)
  }

  @Test("A consumer that does not listen holds nothing up, and finds the finished samples")
  func slowConsumer() async throws {
    let session = try makeSession()
    let previews = session.sample(Self.settings(steps: 4)),
      all = session.sample(Self.settings(steps: 4), keepsAll: true)
    var seen: [SamplingPreview] = []
    for try await preview in all { seen.append(preview) }
    #expect(seen.map(\.step) == [1, 2, 3, 4, 4] && seen.last?.isFinished == true)
    // A run that is asked for now comes after both.
    for try await _ in session.sample(Self.settings(steps: 1)) {}
    seen = []
    for try await preview in previews { seen.append(preview) }
    #expect(seen.count == 1 && seen.first?.isFinished == true)
  }

  @Test("Whoever leaves the loop ends the run before its next step, and the session goes on with other work")
  func cancellation() async throws {
    let session = SamplingSession(try Model.pretrained(), on: CountingBackend(try CPUBackend()))
    for try await _ in session.sample(Self.settings(steps: 1000)) { break }
    var finished = 0
    for try await preview in session.sample(Self.settings(steps: 1)) where preview.isFinished { finished += 1 }
    #expect(finished == 1)
    // Each step waits for its preview. How many come before the end depends on what else the machine does.
    let waits = await session.perform { _, backend in (backend as? CountingBackend)?.waits ?? .max }
    #expect(waits < 1000)
  }

  @Test("The errors of the pipeline arrive at the end of the sequence")
  func errors() async throws {
    var settings = Self.settings(steps: 3)
    settings.start = .late(timestep: 5000, kind: .gaussian)
    let previews = try makeSession().sample(settings)
    let error = await #expect(throws: PipelineError.self) { for try await _ in previews {} }
    #expect(error == .start(timestep: 5000, last: 999))
  }
}
