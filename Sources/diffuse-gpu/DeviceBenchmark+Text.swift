package import DiffuseGPU
import Foundation
import Instruments
import Tensors

extension DeviceBenchmark {
  /// The report as text, in tables of 100 columns; with `layers` every operation of the network, else one line for all
  /// of a kind and method.
  package func text(layers showsLayers: Bool) -> String {
    let work = Double(floatingPointOperations)
    var lines = [
      "device       \(device), products in \(precision.rawValue)",
      "ceilings     \(ceilings?.text ?? "not measured")",
      "network      \(model.name), batch \(model.batch) of \(model.shape), \(Self.giga(work, 2)) GFLOP",
      "evaluation   \(Self.milli(seconds)) ms (\(Self.milli(evaluations.min() ?? 0)) to "
        + "\(Self.milli(evaluations.max() ?? 0))), \(Self.milli(seconds / Double(model.batch))) ms an image",
      "speed        \(Self.giga(work / seconds)) GFLOP/s by the direct method's count",
      "memory       \(peakMemory / 1_000_000) MB at most",
    ]
    if let activity {
      lines.append(
        "launches     \(activity.launches) kernels an evaluation, \(activity.waits) waits, \(activity.bytesWritten) bytes written, "
          + "\(activity.bytesRead) read")
    }
    lines += [
      "", Self.header + (showsLayers ? ", channels x height x width of an image" : ""), Self.line,
    ]
    lines += (showsLayers ? layers : Self.summed(layers)).map {
      row($0, name: showsLayers ? $0.shortName : $0.record.operation.rawValue, of: timedSeconds)
    }
    lines += [Self.line, totals]
    if !kernels.isEmpty { lines += ["", kernels.table] }
    if let exact {
      lines += ["", "on a million exact values", Self.line]
      lines += exact.map { row($0, name: "\($0.record.operation.rawValue) \($0.record.shape)", of: nil) }
    } else {
      lines += ["", "operations on exact values were not measured"]
    }
    return lines.joined(separator: "\n")
  }

  /// Seconds of all operations of an evaluation, each waited for.
  private var timedSeconds: Double { layers.reduce(0) { $0 + $1.totalSeconds } }

  private static let header = "calls       ms  share GFLOP/s GB/s  operation"
  private static let line = String(repeating: "-", count: 100)

  private func row(_ entry: Entry, name: String, of total: Double?) -> String {
    let share = total.map { String(format: "%.1f%%", 100 * entry.totalSeconds / $0) } ?? ""
    return Self.row(
      "\(entry.calls)", Self.milli(entry.totalSeconds), share, Self.giga(entry.arithmetic), Self.giga(entry.traffic),
      name + (entry.method.map { ", \($0)" } ?? ""))
  }

  /// All operations of an evaluation together.
  private var totals: String {
    let bytes = layers.reduce(0) { $0 + $1.calls * ($1.record.bytesRead + $1.record.bytesWritten) }
    return Self.row(
      "\(layers.reduce(0) { $0 + $1.calls })", Self.milli(timedSeconds), "100.0%",
      Self.giga(Double(floatingPointOperations) / timedSeconds), Self.giga(Double(bytes) / timedSeconds),
      "in all, each waited for")
  }

  private static func row(
    _ calls: String, _ time: String, _ share: String, _ arithmetic: String, _ traffic: String, _ name: String
  ) -> String {
    [padded(calls, 5), padded(time, 8), padded(share, 6), padded(arithmetic, 7), padded(traffic, 4), " " + name]
      .joined(separator: " ")
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

  fileprivate static func giga(_ value: Double, _ digits: Int = 0) -> String {
    let scaled = value / 1e9
    return String(format: "%.\(scaled < 10 ? max(digits, 1) : digits)f", scaled)
  }

  private static func milli(_ seconds: Double) -> String { String(format: "%.2f", 1e3 * seconds) }
}

/// A text at the right of a column.
func padded(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.count)) + text
}

extension DeviceBenchmark.Ceilings {
  fileprivate var text: String {
    let figures = [
      arithmetic.map { "\(DeviceBenchmark.giga($0)) GFLOP/s from registers" },
      "\(DeviceBenchmark.giga(product)) GFLOP/s a large product",
      "\(DeviceBenchmark.giga(copy)) GB/s copying", "\(DeviceBenchmark.giga(triad)) GB/s a triad",
    ]
    return figures.compactMap { $0 }.joined(separator: ", ")
  }
}

extension DeviceBenchmark.Entry {
  /// Operation and sizes of an image, such as `convolve 3x3/2 128x32x32 -> 256`; the filter gives those of the result.
  fileprivate var shortName: String {
    let sizes: String
    switch record.shape {
    case .values, .rows, .product: sizes = record.shape.description
    case .activations(let operands, let result):
      let source = Self.image(operands)
      sizes = operands.count > 1 || operands == [result] ? source : "\(source) -> \(Self.image([result]))"
    case .convolution(let shape, let operands, _):
      let stride = shape.stride == 1 ? "" : "/\(shape.stride)"
      let source = Self.image(operands) + (shape.upsamplesInput ? " doubled" : "")
      sizes = "\(shape.kernel)x\(shape.kernelWidth)\(stride) \(source) -> \(shape.outputChannels)"
    }
    return "\(record.operation.rawValue) \(sizes)"
  }

  /// Channels, those of a pair as a sum, height and width.
  private static func image(_ operands: [FeatureMapShape]) -> String {
    let channels = operands.map { "\($0.channels)" }.joined(separator: "+")
    return operands.first.map { "\(channels)x\($0.height)x\($0.width)" } ?? channels
  }
}
