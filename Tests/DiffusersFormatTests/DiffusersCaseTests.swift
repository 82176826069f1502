import DiffusersFormat
import Files
import Conformance
import Diffusion
import Foundation
import Tensors
import Testing

@Suite("Schedulers against diffusers")
struct DiffusersCaseTests {
  /// Classes by name, so that a failure says which.
  static let classNames = [
    "DDPM", "DDIM", "PNDM", "DPMSolverMultistep", "DPMSolverSinglestep", "UniPCMultistep", "DEISMultistep",
    "HeunDiscrete", "EulerDiscrete", "EulerAncestralDiscrete", "LMSDiscrete",
  ]

  /// `DIFFUSE_SAMPLER_CASES` names another file of the same form, for more cases than the repository keeps.
  static func recordings() throws -> DiffusersCases {
    if let path = ProcessInfo.processInfo.environment["DIFFUSE_SAMPLER_CASES"] { return try DiffusersCases(path: path) }
    return try DiffusersCases()
  }

  @Test("End where diffusers' schedulers end, with as many evaluations", arguments: classNames)
  func endsWhereDiffusersEnds(className: String) throws {
    let recordings = try Self.recordings()
    let cases = recordings.cases.filter { $0.className == "\(className)Scheduler" }
    try #require(cases.count >= 15)
    for recorded in cases {
      let scheduler = try Scheduler(recorded.configuration, options: recorded.options)
      let backend = ReferenceBackend()
      var run = try SamplingRun(
        scheduler.plan(steps: recorded.steps), sampler: scheduler.sampler,
        denoiser: denoiser(recorded, scheduler), noise: recordings.noise(for: recorded, on: backend))
      let result = try run.finish().values()
      let difference = try relativeDifference(result, recorded.expected)
      #expect(difference <= tolerance(recorded), "\(recorded.name)")
      #expect(run.evaluations == recorded.evaluations, "\(recorded.name)")
    }
  }

  @Test("Tables of noise levels are those of diffusers, bit for bit")
  func tablesAreThoseOfDiffusers() throws {
    for table in try Self.recordings().tables {
      let products = try Scheduler(table.configuration).schedule.alphaBars
      for (place, expected) in zip(table.places, table.products) {
        let isExact = tolerance(table.configuration) == 0
        let isEqual =
          isExact ? products[place] == expected : abs(products[place] - expected) <= 1e-6 * max(expected, 1e-3)
        #expect(isEqual, "\(table.configuration.values): \(products[place]) at \(place), not \(expected)")
      }
    }
  }

  /// PyTorch's logistic function and, on some processors, its square root are one unit in the last place off.
  private func tolerance(_ configuration: SchedulerConfiguration) -> Double {
    let isRounded =
      configuration.values["beta_schedule"] == .string("sigmoid")
      || configuration.values["rescale_betas_zero_snr"] == .boolean(true)
    return isRounded ? 1e-6 : 0
  }

  /// 1e-5, but 1e-3 after a rescaling to zero signal: there one unit in the last place of a square root near one, which
  /// PyTorch rounds differently on different processors, changes the smallest noise level by up to 0.3 %.
  private func tolerance(_ recorded: DiffusersCases.Case) -> Double {
    recorded.flag("rescale_betas_zero_snr") ? 1e-3 : 1e-5
  }

  private func denoiser(_ recorded: DiffusersCases.Case, _ scheduler: Scheduler) -> ClosedFormDenoiser {
    let offset: Double? =
      switch recorded.configuration.values["variance_type"] {
      case .string("learned"): 0.6
      case .string("learned_range"): 0
      default: nil
      }
    return ClosedFormDenoiser(
      trainingSteps: scheduler.schedule.count, type: scheduler.parametrization, varianceOffset: offset)
  }

  /// The largest difference over the largest value; infinite where a value is not finite.
  private func relativeDifference(_ values: [Float], _ expected: [Float]) throws -> Double {
    try #require(values.count == expected.count)
    guard values.allSatisfy(\.isFinite) else { return .infinity }
    let scale = expected.map { abs($0) }.max() ?? 1
    return Double((zip(values, expected).map { abs($0 - $1) }.max() ?? 0) / scale)
  }
}
