public import Compute
public import Files

extension [ConvolutionTuner.Finding] {
  /// What was found, and all choices of the device, as a JSON document.
  ///
  /// - Parameters:
  ///   - tuning: The choices.
  ///   - file: Where they are kept, or nil.
  ///   - backend: The device.
  public func json(_ tuning: ConvolutionTuning, file: String?, of backend: any Backend) -> JSONValue {
    let layers = map { finding in
      JSONValue.object([
        "layer": .string(finding.layer.description), "calls": .number(Double(finding.calls)),
        "best": .string(finding.best), "gain": .number(finding.gain),
        "variants": .array(finding.measurements.map(\.json)),
      ])
    }
    return .object([
      "device": .string(backend.device.name), "precision": .string(backend.precision.rawValue),
      "layers": .array(layers), "file": file.map { .string($0) } ?? .null,
      "choices": .object(tuning.variants.mapValues { .string($0) }),
    ])
  }
}

extension ConvolutionTuner.Measurement {
  fileprivate var json: JSONValue {
    .object([
      "variant": .string(variant), "seconds": seconds.map { .number($0) } ?? .null,
      "difference": difference.isFinite ? .number(difference) : .null, "fault": fault.map { .string($0) } ?? .null,
    ])
  }
}
