public import Files
import Foundation

/// All files that a run of sampling writes, to be checked before any work.
///
/// What the user names is written over. What comes with it under a name that follows (the record, the pictures of a folder, the
/// grids of steps) takes the place of nothing but what an earlier run of this program made, which is told by the contents.
public struct SamplingFiles: Sendable {
  /// Where the images go; see ``ImageOutput``.
  public var output: String
  /// The seeds of the images.
  public var seeds: [UInt64]
  /// Grids of single steps, as ``TrajectoryRecorder/grids(beside:)`` lists them.
  public var grids: [String] = []
  /// The part of a run that is drawn; nil for the whole.
  public var shard: Shard?
  /// The animation, or nil for none.
  public var animation: String?
  /// Files that the run reads.
  public var inputs: [String] = []

  /// The files of a run that writes no trajectory.
  public init(output: String, seeds: [UInt64]) {
    self.output = output
    self.seeds = seeds
  }

  /// Checks that every file can be written, and that none is in the way of another, of one that is read, or of a stranger's.
  ///
  /// An output that is a folder is made.
  ///
  /// - Throws: `FileError` naming the first file at fault.
  public func check() throws(FileError) {
    let form = try OutputForm(output), isFolder = form == .folder
    if isFolder { try OutputFile.prepareFolder(output) }
    let named = (isFolder ? [] : [output]) + [animation].compactMap(\.self)
    let record = form.record(of: output, shard),
      pictures = (isFolder ? seeds.map { ImageOutput.picture($0, in: output) } : [])
    try OutputFile.checkDistinct(named + [record] + pictures + grids, readFrom: inputs)
    for path in named + [record] { try OutputFile.checkWritable(path) }
    if Self.isThere(record), !RunRecord.isRecord(record) { throw Self.stranger(record) }
    for path in pictures + grids where Self.isThere(path) {
      try OutputFile.checkWritable(path)
      if !RunRecord.isOwnPicture(path) { throw Self.stranger(path) }
    }
  }

  private static func stranger(_ path: String) -> FileError {
    FileError(path, "is there already, and no earlier run made it; it would be written over: name another output")
  }

  /// Whether something is there that holds bytes; devices and FIFOs do not.
  private static func isThere(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }
}

extension RunRecord {
  /// Whether a file is a record that this program wrote, in any of its versions.
  static func isRecord(_ path: String) -> Bool {
    guard let json = try? JSONValue(contentsOf: path) else { return false }
    return json["program"]?.string?.hasPrefix("diffuse-gpu ") == true && json["function_evaluations"] != nil
  }

  /// Whether a picture carries the name of this program in its first text chunk, where it writes it.
  static func isOwnPicture(_ path: String) -> Bool {
    guard let file = try? MappedFile(path) else { return false }
    defer { withExtendedLifetime(file) {} }
    // The signature and the header come first; the chunk's keyword, flags and text follow its length and type.
    let chunk = Array("iTXtSoftware\0\0\0\0\0diffuse-gpu".utf8), start = 8 + 25 + 4
    return file.bytes.count >= start + chunk.count && file.bytes[start..<start + chunk.count].elementsEqual(chunk)
  }
}
