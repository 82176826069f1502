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

  /// The names of all denoisers, sorted; the others are classifiers.
  public static var denoisers: [String] {
    names.filter { name in table.contains { $0.model == name && $0.name == "scheduler_config.json" } }
  }

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

  /// Reads a file or folder that has the name of a carried model and so takes its place, which its reader must know.
  ///
  /// - Parameters:
  ///   - path: The file or folder.
  ///   - note: Told that it takes the place.
  ///   - read: Reads it.
  /// - Throws: The error of the reading; a `FileError` says that the carried model was not meant to be read.
  fileprivate static func inPlace<Value>(
    of path: String, note: (String) -> Void, _ read: () throws -> Value
  ) throws -> Value {
    guard names.contains(path) else { return try read() }
    let fault =
      "\(path) in this folder takes the place of the carried model '\(path)'; rename it, or work elsewhere, for that"
    do {
      let value = try read()
      note(fault)
      return value
    } catch let error as FileError {
      throw FileError(error.path, "\(error.fault); \(fault)")
    }
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
  ///   - options: What a checkpoint of other code does not say of itself.
  ///   - note: Told that a path takes the place of a pretrained model of the same name.
  /// - Throws: `FileError` if there is neither.
  public static func found(
    _ path: String?, variant: String? = nil, checkpoint options: CheckpointOptions = .init(),
    note: (String) -> Void = { _ in }
  ) throws -> ModelDirectory {
    let name = path ?? PretrainedModel.defaultName
    let isPath = path.map { FileManager.default.fileExists(atPath: $0) } ?? false
    if !isPath, let directory = try PretrainedModel.directory(name) {
      try check(options, for: name)
      return directory
    }
    return try PretrainedModel.inPlace(of: name, note: note) {
      try ModelDirectory(name, variant: variant, checkpoint: options)
    }
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

extension FeatureExtractors {
  /// A network that describes images by its directory, or a pretrained classifier by its name where there is no such path.
  ///
  /// - Parameters:
  ///   - path: A path or a name.
  ///   - note: Told that a path takes the place of a pretrained classifier of the same name.
  /// - Throws: `FileError` if there is neither, or its files do not fit each other.
  public static func found(_ path: String, note: (String) -> Void = { _ in }) throws -> any FeatureExtractor {
    if !FileManager.default.fileExists(atPath: path), let files = PretrainedModel.files(path) {
      return try read(name: path, files)
    }
    return try PretrainedModel.inPlace(of: path, note: note) { try read(name: path, .folder(path)) }
  }
}

extension ClassifierModel {
  /// A classifier by its directory, or a pretrained one by its name, such as `mnist-classifier`, where there is no such path.
  ///
  /// - Parameters:
  ///   - path: A path or a name.
  ///   - note: Told that a path takes the place of a pretrained classifier of the same name.
  /// - Throws: `FileError` if there is neither, or its files do not fit each other.
  public static func found(_ path: String, note: (String) -> Void = { _ in }) throws -> ClassifierModel {
    if !FileManager.default.fileExists(atPath: path), let files = PretrainedModel.files(path) {
      return try ClassifierModel(name: path, files)
    }
    return try PretrainedModel.inPlace(of: path, note: note) { try ClassifierModel(name: path, .folder(path)) }
  }
}
