import Compute
import ComputeCPU
import Conformance
import Diffusion
import DiffusersFormat
import Files
import Foundation
import Tensors
import TestSupport
import Testing

/// The runs in 64 bits that `Tests/Fixtures/samplers/make_sigma_cases.py` made with numpy.
@Suite("Samplers of unscaled data against loops in 64 bits")
struct SigmaCaseTests {
  private let root: JSONValue
  private let shape: [Int]

  init() throws {
    root = try JSONValue(contentsOf: Fixtures.path("samplers/sigma_cases.json"))
    shape = root["shape"]?.array?.compactMap(\.int) ?? []
  }

  private func floats(_ value: JSONValue?) -> [Float] { value?.array?.compactMap(\.double).map { Float($0) } ?? [] }

  private func cases(_ key: String) throws -> [JSONValue] {
    let cases = (root["cases"]?.array ?? []).filter { $0[key] != nil }
    try #require(!cases.isEmpty)
    return cases
  }

  /// The largest difference from what numpy has over the largest value.
  private func error(
    of recorded: JSONValue, _ scheduler: Scheduler, on backend: any Backend,
    formula: @escaping (Double, Double, Int) -> Double
  ) throws -> Double {
    let initial = floats(root["initial"]), draws = floats(root["draws"])
    let noise = RecordedNoise(initial: initial, draws: (0..<8).flatMap { _ in draws }, shape: shape, on: backend)
    let steps = try #require(recorded["steps"]?.int)
    var run = try SamplingRun(
      scheduler.plan(steps: steps), sampler: scheduler.sampler,
      denoiser: FormulaNetwork(parametrization: scheduler.parametrization, formula: formula), noise: noise)
    let result = try run.finish().values(), expected = floats(recorded["expected"])
    try #require(result.count == expected.count)
    let scale = Double(expected.map { abs($0) }.max() ?? 1)
    return (zip(result, expected).map { Double(abs($0 - $1)) }.max() ?? .infinity) / scale
  }

  @Test("Algorithm 2 of Karras and others with every wrapper, with churn and without, and Euler's steps")
  func karras() throws {
    let backends: [any Backend] = [ReferenceBackend(), try CPUBackend()]
    for recorded in try cases("preconditioning") {
      let churn = (recorded["churn"]?.array ?? []).compactMap(\.double)
      var values = recorded.object ?? [:]
      values["_class_name"] = .string("EDMEulerScheduler")
      let name: SamplerName = recorded["heun"]?.bool == true ? .heun : .euler
      let scheduler = try Scheduler(
        name.configuration(for: SchedulerConfiguration(values)),
        options: .init(churn: Churn(amount: churn[0], sigmas: churn[1]...churn[2], noise: churn[3])))
      for backend in backends {
        let error = try error(of: recorded, scheduler, on: backend) { input, time, place in
          let bounded = time / (1 + abs(time))
          let input = recorded["preconditioning"]?.string == "ve" ? input / (1 + 4 * exp(2 * time)).squareRoot() : input
          return 0.5 * sin(1.7 * input + 0.3 * bounded + 0.1 * Double(place)) + 0.2 * tanh(input) * bounded
        }
        #expect(error < 1e-5, "\(error) with \(values["preconditioning"] ?? .null), churn \(churn), \(name)")
      }
    }
  }

  @Test("The predictor and corrector with norms of each sample, for data in 0...1")
  func predictorCorrector() throws {
    let backends: [any Backend] = [ReferenceBackend(), try CPUBackend()]
    for recorded in try cases("predictor") {
      var values = recorded.object ?? [:]
      values["_class_name"] = .string("ScoreSdeVeScheduler")
      let scheduler = try Scheduler(SchedulerConfiguration(values))
      for backend in backends {
        let error = try error(of: recorded, scheduler, on: backend) { y, sigma, place in
          -(y - 0.5) / (sigma * sigma + 0.0625) + 0.2 / (sigma + 0.3) * sin(3 * y / (sigma + 1) + 0.1 * Double(place))
        }
        #expect(error < 1e-5, "\(error) with \(values["predictor"] ?? .null), \(values["correct_steps"] ?? .null)")
      }
    }
  }

  @Test("The chain of Nichol and Dhariwal has the sigmas of the formula")
  func improvedSigmas() throws {
    let sigmas = Preconditioning.improvedSigmas(), expected = root["improved"]?.array?.compactMap(\.double) ?? []
    for (index, sigma) in zip([0, 1, 499, 998, 999], expected) {
      #expect(abs(sigmas[999 - index] / sigma - 1) < 1e-12)
    }
  }
}
