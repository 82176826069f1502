import Files
import Foundation

/// Finds the files of MNIST and of the sets that came after it, where people keep them.
///
/// The names are `train-images-idx3-ubyte`, `t10k-images.idx3-ubyte`, `emnist-letters-test-images-idx3-ubyte.gz` and the like.
/// Kaggle packs each file into a folder of its own name, torchvision keeps them in `MNIST/raw`, EMNIST unpacks to `gzip`.
enum IDXLayout {
  private struct Candidate {
    /// What stands before `train` or `test`, such as `emnist-letters-`, and the folder of several sets.
    let set: String
    let isTraining: Bool
    let path: String
  }

  /// The images right in a folder: those of training if there are any, of the test otherwise.
  ///
  /// - Throws: `FileError` if there are several sets.
  static func images(in folder: FolderListing) throws(FileError) -> String? {
    try choice(candidates(in: folder), path: folder.path)
  }

  /// The images of a set that lies deeper: in `raw`, in `gzip`, or in the `raw` of one of the folders.
  ///
  /// - Throws: `FileError` if there are several sets.
  static func images(below folder: FolderListing) throws(FileError) -> String? {
    for name in ["raw", "gzip"] {
      if let inner = folder.folder(name), let images = try images(in: inner) { return images }
    }
    var found: [Candidate] = []
    for name in folder.folders {
      guard let raw = folder.folder(name)?.folder("raw") else { continue }
      found += candidates(in: raw).map { .init(set: "\(name)/\($0.set)", isTraining: $0.isTraining, path: $0.path) }
    }
    return try choice(found, path: folder.path)
  }

  private static func candidates(in folder: FolderListing) -> [Candidate] {
    let files = folder.files.compactMap { candidate($0, folder.path(of: $0)) }
    // A file comes before the folder of the same prefix that another tool has made beside it.
    return files
      + folder.folders.compactMap { name -> Candidate? in
        guard candidate(name, "") != nil, let inner = folder.folder(name) else { return nil }
        return inner.files.lazy.compactMap { candidate($0, inner.path(of: $0)) }.first
      }
  }

  private static func candidate(_ name: String, _ path: String) -> Candidate? {
    guard
      let match = name.wholeMatch(
        of: /(.*[-_])?(train|t10k|test)[-_]images([-._]idx3)?([-._]ubyte)?(\.gz)?/.ignoresCase())
    else { return nil }
    return .init(set: String(match.1 ?? ""), isTraining: match.2.lowercased() == "train", path: path)
  }

  private static func choice(_ candidates: [Candidate], path: String) throws(FileError) -> String? {
    let sets = Set(candidates.map(\.set)).sorted()
    guard sets.count <= 1 else {
      let names = sets.map { $0.trimmingCharacters(in: CharacterSet(charactersIn: "-_/")) }
        .map { $0.isEmpty ? "one without a name" : $0 }.joined(separator: ", ")
      throw FileError(path, "holds several sets (\(names)); name the file of the images of one")
    }
    return (candidates.first(where: \.isTraining) ?? candidates.first)?.path
  }

  /// The file of labels that goes with a file of images, in the same folder or in one of its own; nil if there is none.
  static func labels(of images: String) -> String? {
    let name = (images as NSString).lastPathComponent
    let other = name.replacingOccurrences(of: "images", with: "labels").replacingOccurrences(of: "idx3", with: "idx1")
    guard other != name else { return nil }
    let plain = other.hasSuffix(".gz") ? String(other.dropLast(3)) : other
    let names = [
      plain, plain.replacingOccurrences(of: "-idx1", with: ".idx1"),
      plain.replacingOccurrences(of: ".idx1", with: "-idx1"),
    ]
    .flatMap { [$0, $0 + ".gz"] }
    let folder = parentFolder(of: images)
    var places = [folder]
    if (folder as NSString).lastPathComponent.contains("images") {
      places.append(parentFolder(of: folder))
    }
    for place in places {
      for name in names {
        let path = FolderListing.join(place, name)
        if !FolderListing.isFolder(path) {
          if FileManager.default.fileExists(atPath: path) { return path }
        } else if let inner = names.map({ FolderListing.join(path, $0) }).first(where: FileManager.default.fileExists) {
          return inner
        }
      }
    }
    return nil
  }
}
