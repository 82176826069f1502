import Compute
public import Files
import Instruments
import Tensors

extension DeviceBenchmark {
  /// The report as a JSON document, in units without prefix.
  public var json: JSONValue {
    func number(_ value: Int) -> JSONValue { .number(Double(value)) }
    func entry(_ entry: Entry) -> JSONValue {
      .object([
        "operation": .string(entry.record.operation.rawValue), "sizes": .string(entry.record.shape.description),
        "method": entry.method.map { .string($0) } ?? .null, "calls": number(entry.calls),
        "seconds": .number(entry.seconds), "floating_point_operations": number(entry.record.floatingPointOperations),
        "bytes": number(entry.record.bytesRead + entry.record.bytesWritten),
      ])
    }
    var report: [String: JSONValue] = [
      "device": .string(device), "precision": .string(precision.rawValue),
      "network": .object([
        "model": .string(model.name), "image": .string(model.shape.description), "batch": number(model.batch),
        "seconds": .array(evaluations.map { .number($0) }),
        "floating_point_operations": number(floatingPointOperations), "peak_memory": number(peakMemory),
      ]),
      "layers": .array(layers.map(entry)),
    ]
    if let ceilings {
      report["ceilings"] = .object([
        "arithmetic": ceilings.arithmetic.map { .number($0) } ?? .null, "product": .number(ceilings.product),
        "copy": .number(ceilings.copy), "triad": .number(ceilings.triad),
      ])
    }
    if let activity {
      report["activity"] = .object([
        "launches": number(activity.launches), "waits": number(activity.waits),
        "bytes_written": number(activity.bytesWritten), "bytes_read": number(activity.bytesRead),
      ])
    }
    if !kernels.isEmpty {
      report["kernels"] = .array(
        kernels.map {
          .object(["kernel": .string($0.name), "launches": number($0.launches), "seconds": .number($0.seconds)])
        })
    }
    if let exact { report["exact"] = .array(exact.map(entry)) }
    return .object(report)
  }
}
