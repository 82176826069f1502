public import Compute
import ComputeOpenCL
public import Files
import Foundation

/// The choices that were measured on a device, as a JSON file for each device, driver and storage of feature maps.
///
/// They lie in `$XDG_CACHE_HOME/diffuse-gpu` or `~/.cache/diffuse-gpu`, and ``Devices/open(_:_:selfCheck:notice:)`` takes them from there.
public enum TuningFile {
  /// What a file says that it is.
  private static let format = "diffuse-gpu tuning 1"

  /// The file of a device, or nil where there is no home for it.
  public static func path(for backend: any TunableConvolutions) -> String? {
    guard let parent = ProgramCache.parent(environment) else { return nil }
    let digest = sha256(of: Array(backend.tuningKey.joined(separator: "\n").utf8)).prefix(16)
    return "\(parent)/diffuse-gpu/tuning-\(digest).json"
  }

  /// The choices for a device, or nil if it was not tuned.
  ///
  /// - Throws: `FileError` if there is a file that is damaged or of another device.
  public static func read(for backend: any TunableConvolutions) throws(FileError) -> ConvolutionTuning? {
    guard let path = path(for: backend), FileManager.default.fileExists(atPath: path) else { return nil }
    let json = try JSONValue(contentsOf: path)
    guard json["format"]?.string == format, let members = json["convolutions"]?.object,
      json["device"]?.array?.compactMap(\.string) == backend.tuningKey
    else { throw FileError(path, "is no table of choices for this device; remove it, or tune again") }
    var result = ConvolutionTuning()
    for (layer, variant) in members {
      guard let name = variant.string else {
        throw FileError(path, "convolutions: '\(layer)' has no name of a variant")
      }
      result.variants[layer] = name
    }
    return result
  }

  /// Writes the choices for a device.
  ///
  /// - Throws: `FileError` if there is no place for them.
  public static func write(_ tuning: ConvolutionTuning, for backend: any TunableConvolutions) throws(FileError) {
    guard let path = path(for: backend) else {
      throw FileError("XDG_CACHE_HOME", "names no folder, nor does HOME: a table of choices has no place")
    }
    try OutputFile.prepareFolder((path as NSString).deletingLastPathComponent)
    let json = JSONValue.object([
      "format": .string(format), "device": .array(backend.tuningKey.map { .string($0) }),
      "convolutions": .object(tuning.variants.mapValues { .string($0) }),
    ])
    try OutputFile.write((json.text + "\n").utf8, to: path)
  }

  /// Removes the choices for a device.
  ///
  /// - Returns: Whether there were any.
  public static func remove(for backend: any TunableConvolutions) -> Bool {
    path(for: backend).map { (try? FileManager.default.removeItem(atPath: $0)) != nil } ?? false
  }
}
