public import Files

/// A file from which a training goes on, read and found whole.
///
/// The header says what was trained and how far; the tensors are those of the optimiser and of the task. A digest in the header tells
/// a file that was damaged from one that is as it was written; files of the first version have none.
public struct TrainingCheckpoint {
  /// What the header calls the format.
  static let format = "diffuse-gpu training 2"
  /// The format that knew settings only, neither the network nor the data.
  static let formerFormat = "diffuse-gpu training 1"

  /// The file.
  public let file: SafetensorsFile
  /// The settings that it was made with.
  public let settings: TrainingSettings
  /// Steps done.
  public let step: Int
  /// Seconds of all steps.
  public let seconds: Double
  /// Whether it has the first format, which holds neither network nor data.
  public let isFormer: Bool

  /// Reads a file and checks all of it.
  ///
  /// - Throws: `FileError` if it is no checkpoint, or not as it was written.
  public init(_ file: SafetensorsFile) throws(FileError) {
    let path = file.file.path
    let format = file.metadata["format"]
    guard format == Self.format || format == Self.formerFormat, let text = file.metadata["settings"],
      let step = file.metadata["step"].flatMap({ Int($0) })
    else { throw FileError(path, "is no checkpoint of a training by this program") }
    self.file = file
    isFormer = format == Self.formerFormat
    settings = try TrainingSettings(JSONValue(text, path: "\(path), settings"), path: "\(path), settings")
    guard 0...TrainingSettings.mostSteps ~= step else { throw FileError(path, "step \(step) is none of a training") }
    self.step = step
    let spent = file.metadata["seconds"] ?? "0"
    guard let seconds = Double(spent), seconds.isFinite, seconds >= 0 else {
      throw FileError(path, "'\(spent)' seconds are no duration")
    }
    self.seconds = seconds
    try Self.checkTensors(of: file)
  }

  /// A text of the header besides those of this type.
  ///
  /// - Throws: `FileError` if the header has no such text.
  public func text(_ name: String) throws(FileError) -> String {
    guard let text = file.metadata[name] else { throw FileError(file.file.path, "its header has no '\(name)'") }
    return text
  }

  private static func checkTensors(of file: SafetensorsFile) throws(FileError) {
    let path = file.file.path
    var digests: [String] = []
    for (name, entry) in file.entries.sorted(by: { $0.key < $1.key }) {
      guard entry.type == .float32 else {
        throw FileError(path, "tensor '\(name)' is of type \(entry.type.rawValue), not F32")
      }
      let values = file.floats(entry), isSquare = name.hasPrefix(AdamOptimizer.Quantity.secondMoments.rawValue)
      guard values.allSatisfy({ $0.isFinite && !(isSquare && $0 < 0) }) else {
        throw FileError(path, "tensor '\(name)' holds values that no training leaves")
      }
      digests.append(line(name, entry.shape, values))
    }
    if file.metadata["format"] == formerFormat, file.metadata["sha256"] == nil { return }
    guard file.metadata["sha256"] == digest(of: file.metadata, digests) else {
      throw FileError(path, "is damaged: its contents are not those that were written")
    }
  }

  /// What a tensor adds to the digest of a checkpoint.
  static func line(_ name: String, _ shape: [Int], _ values: [Float]) -> String {
    "\(name) \(shape) \(sha256(of: values))"
  }

  /// SHA-256 of a checkpoint: of the header's other texts, sorted, and of the lines of its tensors, sorted.
  static func digest(of metadata: [String: String], _ tensors: [String]) -> String {
    let texts = metadata.filter { $0.key != "sha256" }.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    return sha256(of: Array((texts + tensors).joined(separator: "\n").utf8))
  }
}
