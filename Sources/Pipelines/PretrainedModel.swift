import DiffusersFormat
import Files
import PretrainedModels

/// The models that the program carries.
public enum PretrainedModel {
  /// Their names, sorted.
  public static var names: [String] { Set(files.map(\.model)).sorted() }

  /// A model, read by the same code as a directory on disk; nil if there is no such denoiser.
  static func directory(_ name: String) throws -> ModelDirectory? {
    guard case .embedded(let title, let files) = files(name), files["scheduler_config.json"] != nil else {
      return nil
    }
    return try ModelDirectory(name: title, embedded: files)
  }

  /// The files of a model that the program carries, or nil if there is no such model.
  static func files(_ name: String) -> ModelFiles? {
    let own = files.filter { $0.model == name }
    guard !own.isEmpty else { return nil }
    let mapped = own.map { ($0.name, MappedFile(name: "embedded \(name)/\($0.name)", embedded: $0.bytes)) }
    return .embedded(name: "embedded \(name)", files: Dictionary(uniqueKeysWithValues: mapped))
  }

  private static var files: [(model: String, name: String, bytes: UnsafeRawBufferPointer)] {
    var count = 0
    guard let table = pretrained_files(&count) else { return [] }
    return UnsafeBufferPointer(start: table, count: count).map { file in
      (String(cString: file.model), String(cString: file.name), .init(start: file.bytes, count: file.length))
    }
  }
}
