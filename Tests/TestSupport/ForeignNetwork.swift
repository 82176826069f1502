import Files
import Foundation

/// A checkpoint of other code from `Fixtures/networks`, unpacked, with the settings of its training beside it.
public struct ForeignNetwork {
  private let folder: TemporaryFolder
  /// The checkpoint.
  public let path: String
  /// The file of settings beside it.
  public let settings: String

  /// Unpacks a checkpoint.
  ///
  /// - Parameters:
  ///   - name: The folder's name.
  ///   - hasSettings: Whether the settings lie beside it.
  public init(_ name: String, hasSettings: Bool = true) throws {
    let fixture = Fixtures.path("networks/\(name)"), folder = try TemporaryFolder()
    let archive = try ZipArchive(MappedFile("\(fixture)/network.zip"), as: "an archive")
    for entry in archive.entries {
      let bytes = try archive.withContents(of: entry) { Array($0) }
      try OutputFile.write(bytes, to: folder.path(entry.name))
    }
    self.folder = folder
    path = folder.path(archive.entries[0].name)
    settings = folder.path("network.json")
    if hasSettings, FileManager.default.fileExists(atPath: "\(fixture)/network.json") {
      try FileManager.default.copyItem(atPath: "\(fixture)/network.json", toPath: settings)
    }
  }

  /// All that there are.
  public static let names = [
    "consistency", "ddpmpp", "edm-ddpmpp", "edm-dhariwal", "edm-ncsnpp", "edm-skip", "guided", "improved", "ncsnpp",
    "ncsnpp-residual", "score-sde",
  ]
}
