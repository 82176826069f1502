public import Files

/// The log of a run: one line of JSON a step, and the curve of its losses.
public final class TrainingLog {
  /// The losses of all steps that the file tells of, in their order; those of a log that was lost are not among them.
  public private(set) var losses: [Double] = []
  /// The file.
  public let path: String

  private let file: GrowingFile
  private var mean = RunningMean()

  /// Opens a log for a run that has done some steps; lines of later steps, of a run that was interrupted, are dropped.
  public init(_ path: String, after step: Int) throws(FileError) {
    self.path = path
    var kept = "", losses: [Double] = [], last = 0
    if step > 0, let old = try? MappedFile(path) {
      for line in String(decoding: old.bytes, as: UTF8.self).split(separator: "\n") {
        guard let record = try? JSONValue(line, path: path), let number = record["step"]?.int, number <= step,
          number > last, let loss = record["loss"]?.double, loss.isFinite
        else { break }
        last = number
        losses.append(loss)
        kept += line + "\n"
      }
      withExtendedLifetime(old) {}
    }
    file = try GrowingFile(path, beginning: kept.utf8)
    for loss in losses { add(loss) }
  }

  /// Adds a step.
  public func append(_ report: Trainer.Report, imagesPerSecond: Double, seconds: Double) throws(FileError) {
    add(report.loss)
    var record: [String: JSONValue] = [
      "step": .number(Double(report.step)), "loss": .number(report.loss), "gradient_norm": .number(report.gradientNorm),
      "learning_rate": .number(report.learningRate), "images_per_second": .number(imagesPerSecond),
      "seconds": .number(seconds),
    ]
    if report.exchangeSeconds > 0 { record["exchange_seconds"] = .number(report.exchangeSeconds) }
    try file.append((JSONValue.object(record).line + "\n").utf8)
  }

  private func add(_ loss: Double) {
    losses.append(loss)
    mean.add(loss)
  }

  /// The running mean of the losses, or nil if there are none.
  public var smoothedLoss: Double? { losses.isEmpty ? nil : mean.value }
}

/// A running mean of about the last hundred values: `m = m + (x - m) / min(count, 100)`.
struct RunningMean {
  private(set) var value = 0.0
  private var count = 0

  mutating func add(_ x: Double) {
    count += 1
    value += (x - value) / Double(min(count, 100))
  }
}
