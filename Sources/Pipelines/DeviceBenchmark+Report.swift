import Compute
import Datasets
public import Files
import Foundation

extension DeviceBenchmark {
  /// Seconds of an evaluation: the median.
  public var seconds: Double { evaluations.sorted()[evaluations.count / 2] }

  /// The report as text; with `layers` every operation of the network, else one line an operation.
  public func text(layers showsLayers: Bool) -> String {
    var lines = [
      "device       \(device), products in \(precision.rawValue)",
      "ceilings     \(ceilings.arithmetic.map { "\(Self.giga($0)) GFLOP/s from registers, " } ?? "")"
        + "\(Self.giga(ceilings.product)) GFLOP/s a large product, \(Self.giga(ceilings.copy)) GB/s copying",
      "network      \(model.name), batch \(model.batch) of \(model.shape), \(Self.giga(Double(floatingPointOperations), 2)) GFLOP",
      "evaluation   \(Self.milli(seconds)) ms (\(Self.milli(evaluations.min() ?? 0)) to \(Self.milli(evaluations.max() ?? 0))), "
        + "\(Self.milli(seconds / Double(model.batch))) ms an image, "
        + "\(Self.giga(Double(floatingPointOperations) / seconds)) GFLOP/s by the direct method's count, "
        + "\(peakMemory / 1_000_000) MB at most",
      "", Self.header, Self.line,
    ]
    lines += (showsLayers ? self.layers : Self.summed(self.layers)).map {
      row($0, of: timedSeconds, isSum: !showsLayers)
    }
    lines += ["", "on a million exact values", Self.line]
    lines += exact.map { row($0, of: nil, isSum: false) }
    return lines.joined(separator: "\n")
  }

  /// Seconds of all operations of an evaluation, each waited for.
  private var timedSeconds: Double { layers.reduce(0) { $0 + $1.totalSeconds } }

  private static let header = "calls       ms  share  GFLOP/s    GB/s  operation"
  private static let line = String(repeating: "-", count: 100)

  private func row(_ entry: Entry, of total: Double?, isSum: Bool) -> String {
    let share = total.map { Self.padded(String(format: "%.1f%%", 100 * entry.totalSeconds / $0), 6) } ?? "      "
    let name =
      isSum
      ? entry.record.operation.rawValue + (entry.method.map { ", \($0)" } ?? "")
      : "\(entry.record.operation.rawValue) \(entry.record.shape)" + (entry.method.map { ", \($0)" } ?? "")
    return [
      Self.padded("\(entry.calls)", 5), Self.padded(Self.milli(entry.totalSeconds), 8), share,
      Self.padded(Self.giga(entry.arithmetic), 8), Self.padded(Self.giga(entry.traffic), 7), " " + name,
    ].joined(separator: " ")
  }

  /// Operations of one kind and method added up; a record of their sums stands for all of them.
  private static func summed(_ entries: [Entry]) -> [Entry] {
    Dictionary(grouping: entries) { "\($0.record.operation.rawValue) \($0.method ?? "")" }.values.compactMap { group in
      guard let first = group.first else { return nil }
      func sum(_ value: (OperationRecord) -> Int) -> Int { group.reduce(0) { $0 + $1.calls * value($1.record) } }
      let calls = group.reduce(0) { $0 + $1.calls }
      let record = OperationRecord(
        first.record.operation, first.record.shape,
        floatingPointOperations: sum(\.floatingPointOperations) / calls, bytesRead: sum(\.bytesRead) / calls,
        bytesWritten: sum(\.bytesWritten) / calls)
      return Entry(
        record: record, method: first.method, calls: calls,
        seconds: group.reduce(0) { $0 + $1.totalSeconds } / Double(calls))
    }.sorted { $0.totalSeconds > $1.totalSeconds }
  }

  private static func giga(_ value: Double, _ digits: Int = 0) -> String {
    let scaled = value / 1e9
    return String(format: "%.\(scaled < 10 ? max(digits, 1) : digits)f", scaled)
  }

  private static func milli(_ seconds: Double) -> String { String(format: "%.2f", 1e3 * seconds) }

  private static func padded(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }

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
    return .object([
      "device": .string(device), "precision": .string(precision.rawValue),
      "ceilings": .object([
        "arithmetic": ceilings.arithmetic.map { .number($0) } ?? .null, "product": .number(ceilings.product),
        "copy": .number(ceilings.copy),
      ]),
      "network": .object([
        "model": .string(model.name), "image": .string(model.shape.description), "batch": number(model.batch),
        "seconds": .array(evaluations.map { .number($0) }),
        "floating_point_operations": number(floatingPointOperations), "peak_memory": number(peakMemory),
      ]),
      "layers": .array(layers.map(entry)), "exact": .array(exact.map(entry)),
    ])
  }
}
