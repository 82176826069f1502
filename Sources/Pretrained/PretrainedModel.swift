public import DiffusersFormat
import Files
import Foundation
public import Models
import PretrainedModels

/// The pretrained models that are bundled, read by the same code as a directory on disk.
///
/// Linking this library costs their size, some twenty megabytes; everything else does without it.
public enum PretrainedModel {
  /// The name of the denoiser that is taken where none is named.
  public static let defaultName = "mnist"

  /// The names of all models, sorted.
  public static var names: [String] { Set(table.map(\.model)).sorted() }

  /// A denoiser as a model directory, or nil if there is none of the name.
  public static func directory(_ name: String) throws -> ModelDirectory? {
    guard case .embedded(let title, let files)? = files(name), files["scheduler_config.json"] != nil else { return nil }
    return try ModelDirectory(name: title, embedded: files)
  }

  /// The files of a model, or nil if there is none of the name.
  public static func files(_ name: String) -> ModelFiles? {
    let own = table.filter { $0.model == name }
    guard !own.isEmpty else { return nil }
    let mapped = own.map { ($0.name, MappedFile(name: "embedded \(name)/\($0.name)", embedded: $0.bytes)) }
    return .embedded(name: "embedded \(name)", files: Dictionary(uniqueKeysWithValues: mapped))
  }

  private static var table: [(model: String, name: String, bytes: UnsafeRawBufferPointer)] {
    var count = 0
    guard let table = pretrained_files(&count) else { return [] }
    return UnsafeBufferPointer(start: table, count: count).map { file in
      (String(cString: file.model), String(cString: file.name), .init(start: file.bytes, count: file.length))
    }
  }
}

extension ModelDirectory {
  /// A model directory by its path, or a pretrained model by its name where there is no such path.
  ///
  /// - Parameters:
  ///   - path: A path or a name; nil for ``PretrainedModel/defaultName``.
  ///   - variant: The variant of the weights, such as `fp16`.
  /// - Throws: `FileError` if there is neither.
  public static func found(_ path: String?, variant: String? = nil) throws -> ModelDirectory {
    let name = path ?? PretrainedModel.defaultName
    let isPath = path.map { FileManager.default.fileExists(atPath: $0) } ?? false
    if !isPath, let directory = try PretrainedModel.directory(name) { return directory }
    return try ModelDirectory(name, variant: variant)
  }
}

extension Model {
  /// Loads a pretrained model by name, such as `Model.pretrained("faces")`; the MNIST model by default.
  ///
  /// - Throws: `FileError` if there is none of the name.
  public static func pretrained(_ name: String = PretrainedModel.defaultName) throws -> Model {
    guard let directory = try PretrainedModel.directory(name) else {
      throw FileError(
        name, "is no pretrained denoiser; there are \(PretrainedModel.names.joined(separator: ", "))")
    }
    return try Model(directory)
  }
}

extension ClassifierModel {
  /// Reads a directory, or a pretrained classifier by its name, such as `mnist-classifier`.
  ///
  /// - Throws: `FileError` if there is none, or its files do not fit each other.
  public static func found(_ path: String) throws -> ClassifierModel {
    try ClassifierModel(name: path, PretrainedModel.files(path) ?? .folder(path))
  }
}
