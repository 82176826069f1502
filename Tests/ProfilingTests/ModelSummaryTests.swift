import Compute
import ComputeCPU
import Models
import Pipelines
import Pretrained
import Profiling
import Tensors
import Testing

@Suite("What a model costs")
struct ModelSummaryTests {
  static let options: [BackendOptions] = [
    .init(), .init(isExact: true), .init(precision: .bfloat16), .init(precision: .bfloat16, isExact: true),
  ]

  @Test("The forms of parameters take what was planned, in every precision", arguments: options)
  func preparedBytes(options: BackendOptions) throws {
    let model = try Model.pretrained(), shape = ImageShape(channels: 1, height: 28, width: 28)
    let backend = try CPUBackend(options: options)
    let planned = try ModelSummary(of: model.network, shape, batch: 1, on: backend).preparedBytes
    let before = backend.memoryUse.current
    var settings = SamplingSettings(seeds: [1])
    settings.steps = 1
    _ = try SamplingPipeline(model, settings, on: backend).run { _ in }
    backend.releaseUnusedMemory()
    let held = backend.memoryUse.current - before
    // Forms are kept in whole pages.
    #expect(held >= planned && held < planned + 400 * 4096, "\(held) bytes, planned were \(planned)")
  }
}
