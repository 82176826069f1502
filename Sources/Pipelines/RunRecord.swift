import Datasets
import Diffusion
public import Files
import Foundation

/// What made a set of images: kept in PNG text chunks and in a JSON file beside the images.
public struct RunRecord: Sendable {
  /// Names and values, as the JSON file has them.
  public var values: [String: JSONValue]

  /// The record of a run that has been done.
  public init(_ pipeline: SamplingPipeline, device: String, version: String, evaluations: Int) {
    let settings = pipeline.settings
    let model = settings.data.map { "the exact score of \($0.path)" } ?? pipeline.model.name
    values = [
      "program": .string("diffuse-gpu \(version)"), "model": .string(model), "device": .string(device),
      "scheduler": .string(pipeline.schedulerName), "steps": .number(Double(settings.steps)),
      "function_evaluations": .number(Double(evaluations)),
      "timesteps": .array(pipeline.plan.steps.map { .number($0.from.timestep) }),
      "rng": .string(settings.recorded == nil ? settings.generator.rawValue : "recorded"),
    ]
    if settings.options.eta != 0 { values["eta"] = .number(settings.options.eta) }
    if !settings.clips { values["clips"] = .boolean(false) }
    if settings.guidance != 1 { values["guidance"] = .number(settings.guidance) }
    if let label = settings.classLabel { values["class"] = .number(Double(label)) }
    switch settings.start {
    case .prior: break
    case .late(let timestep, let kind):
      values["late_start"] = .number(Double(timestep))
      values["late_start_init"] = .string(kind.rawValue)
    case .images(let timestep, _): values["from"] = .number(Double(timestep))
    }
  }

  /// The record of some of the images.
  public func with(seeds: some Sequence<UInt64>) -> RunRecord {
    var result = self
    // Seeds may pass 2^53, beyond which JSON numbers are not exact.
    result.values["seeds"] = .array(seeds.map { $0 < 1 << 53 ? .number(Double($0)) : .string(String($0)) })
    return result
  }

  /// The record as a JSON document.
  public var json: JSONValue { .object(values) }

  /// Writes the record as a JSON file.
  func write(to path: String) throws(FileError) {
    try OutputFile.write((json.text + "\n").utf8, to: path)
  }

  /// The text chunks of a picture.
  public var texts: [String: String] { ["Software": "diffuse-gpu", "parameters": json.text] }
}
