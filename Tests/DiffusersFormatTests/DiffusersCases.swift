import DiffusersFormat
import Compute
import Diffusion
import Files
import TestSupport

/// The runs of diffusers that `Tests/Fixtures/samplers/make_sampler_cases.py` recorded.
struct DiffusersCases {
  /// One run.
  struct Case {
    let configuration: SchedulerConfiguration
    let options: SchedulerOptions
    let steps: Int
    let draws: Int
    let evaluations: Int
    let expected: [Float]

    var name: String { "\(steps) steps, \(options), \(configuration.values)" }

    var className: String { configuration.className ?? "" }

    func flag(_ key: String) -> Bool { configuration.values[key] == .boolean(true) }
  }

  /// Some entries of one table.
  struct Table {
    let configuration: SchedulerConfiguration
    let places: [Int]
    let products: [Float]
  }

  let shape: [Int]
  let initial: [Float]
  let draws: [Float]
  let cases: [Case]
  let tables: [Table]

  /// Reads the file of recordings.
  init(path: String = Fixtures.path("samplers/cases.json")) throws {
    let root = try JSONValue(contentsOf: path)
    let floats = { (value: JSONValue?) in value?.array?.compactMap(\.double).map { Float($0) } ?? [] }
    let integers = { (value: JSONValue?) in value?.array?.compactMap(\.int) ?? [] }
    shape = integers(root["shape"])
    initial = floats(root["initial"])
    draws = floats(root["draws"])
    cases = (root["cases"]?.array ?? []).map { entry in
      let call = entry["call"]
      return Case(
        configuration: SchedulerConfiguration(json: entry["configuration"]),
        options: SchedulerOptions(
          eta: call?["eta"]?.double ?? 0, usesLimitedNoise: call?["use_clipped_model_output"]?.bool ?? false),
        steps: entry["steps"]?.int ?? 0, draws: entry["draws"]?.int ?? 0, evaluations: entry["evaluations"]?.int ?? 0,
        expected: floats(entry["expected"]))
    }
    tables = (root["tables"]?.array ?? []).map {
      Table(
        configuration: SchedulerConfiguration(json: $0["configuration"]), places: integers($0["places"]),
        products: floats($0["products"]))
    }
  }

  /// The recorded noise, the draws over and over as often as a run needs them.
  func noise(for case: Case, on backend: any Backend) -> RecordedNoise {
    let count = draws.count / initial.count
    let repeats = (`case`.draws + count - 1) / count
    return RecordedNoise(
      initial: initial, draws: (0..<repeats).flatMap { _ in draws }, shape: shape, on: backend)
  }
}

extension SchedulerConfiguration {
  /// The configuration in a part of a JSON document.
  fileprivate init(json: JSONValue?) {
    self.init(json?.object ?? [:])
  }
}
