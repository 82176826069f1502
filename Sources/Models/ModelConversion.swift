import CheckpointFormats
public import DiffusersFormat
public import Files
import Foundation
public import Networks

/// Writing of a model of any form as a pipeline directory: a checkpoint of other code, or a directory with PyTorch's weights.
public enum ModelConversion {
  /// What was written.
  public struct Result {
    /// The network.
    public let network: UNet
    /// What its files did not say or what was ignored in them, one line each.
    public let warnings: [String]
    /// Whether diffusers loads the directory.
    public let isKnownToDiffusers: Bool
  }

  /// Writes `model_index.json`, `unet`, `scheduler`, the statistics if there are any, and a card that names the source and its digest.
  ///
  /// - Parameters:
  ///   - source: The model.
  ///   - type: The element type of the weights.
  ///   - directory: Made with its parents; it holds no network yet.
  /// - Throws: `FileError` if the source is damaged or the directory cannot be written; nothing is left behind if the source is at fault.
  public static func write(
    _ source: ModelDirectory, as type: SafetensorsType = .float32, to directory: String
  ) throws -> Result {
    try ModelWriter.check(directory)
    let card = (directory as NSString).appendingPathComponent("README.md")
    guard !FileManager.default.fileExists(atPath: card) else {
      throw FileError(card, "is there already; name a directory without one")
    }
    let loaded = try source.unet()
    let scheduler = try source.scheduler() ?? .training
    let statistics = try source.statistics().map { try StatisticsSource.file($0).read() }
    let result = Result(
      network: loaded.network, warnings: loaded.warnings,
      isKnownToDiffusers: loaded.network.configuration.isKnownToDiffusers)
    try ModelExport.write(loaded.network, scheduler: scheduler, statistics: statistics, as: type, to: directory)
    let text = self.card(source, loaded.weights, result, name: (directory as NSString).lastPathComponent)
    try OutputFile.write(text.utf8, to: card)
    return result
  }

  /// The card, in Markdown.
  private static func card(
    _ source: ModelDirectory, _ files: [MappedFile], _ result: Result, name: String
  ) -> String {
    var rows: [(String, String)] = []
    for file in files {
      rows.append(("source", "`\(file.name)`, \(file.bytes.count) bytes"))
      rows.append(("SHA-256", "`\(file.sha256)`"))
    }
    if let checkpoint = source.checkpoint {
      rows.append(("made by", checkpoint.family.name))
      rows.append(
        (
          "weights",
          checkpoint.weights.map { $0 == .average ? "averages over the training (EMA)" : "those of the last step" }
            ?? "as the file has them"
        ))
      rows += checkpoint.assumptions.map { ("taken for true", $0) }
    }
    rows.append(("parameters", "\(result.network.parameterCount)"))
    rows.append(("diffusers", result.isKnownToDiffusers ? "loads it" : "has no such network and refuses it"))
    let table = rows.map { "| \(cell($0)) | \(cell($1)) |" }.joined(separator: "\n")
    return """
      # \(cell(name))

      A pixel-space diffusion model, converted by diffuse-gpu. Its licence is that of the source.

      | | |
      |---|---|
      \(table)

      """
  }

  /// A text as a cell of a table; names of files may hold anything.
  private static func cell(_ text: String) -> String {
    text.printable.replacing("|", with: "\\|")
  }
}
