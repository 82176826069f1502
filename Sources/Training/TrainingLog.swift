public import Files
import Foundation

/// The log of a run: one line of JSON a step, and the curve of its losses.
public final class TrainingLog {
  /// The losses of all steps, the first of which is step 1.
  public private(set) var losses: [Double] = []
  /// The file.
  public let path: String

  private var handle: FileHandle?

  /// Opens a log for a run that has done some steps; lines of later steps, of a run that was interrupted, are dropped.
  public init(_ path: String, after step: Int) throws(FileError) {
    self.path = path
    var kept = ""
    if step > 0, let text = try? String(contentsOfFile: path, encoding: .utf8) {
      for line in text.split(separator: "\n") {
        guard let record = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
          let number = record["step"] as? Int, number <= step, number == losses.count + 1,
          let loss = record["loss"] as? Double
        else { break }
        losses.append(loss)
        kept += line + "\n"
      }
    }
    try OutputFile.write(kept.utf8, to: path)
    handle = FileHandle(forWritingAtPath: path)
    guard let handle else { throw FileError(path, "cannot be written") }
    handle.seekToEndOfFile()
  }

  /// Adds a step.
  public func append(_ report: Trainer.Report, imagesPerSecond: Double, seconds: Double) throws(FileError) {
    losses.append(report.loss)
    let record = JSONValue.object([
      "step": .number(Double(report.step)), "loss": .number(report.loss), "gradient_norm": .number(report.gradientNorm),
      "learning_rate": .number(report.rate), "images_per_second": .number(imagesPerSecond), "seconds": .number(seconds),
    ])
    let line = record.text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.joined(separator: " ")
    do {
      try handle?.write(contentsOf: Data((line + "\n").utf8))
    } catch {
      throw FileError(path, "cannot be written: \(error.localizedDescription)")
    }
  }

  /// The mean of the last losses, each weighing a hundredth less than the one after it.
  public var smoothedLoss: Double? { Self.smoothed(losses).last }

  /// Running means: `m = m + (x - m) / min(count, 100)`.
  static func smoothed(_ losses: [Double]) -> [Double] {
    var mean = 0.0
    return losses.enumerated().map { place, loss in
      mean += (loss - mean) / Double(min(place + 1, 100))
      return mean
    }
  }
}
