import Files
import Foundation

/// The pictures of a folder, their classes, and what else is there.
///
/// Pictures right in the folder are its pictures, without classes; folders are then searched only if recursion is asked for. If there
/// are none, each folder in it is a class, numbered from 0 in the order of the names as in torchvision's `ImageFolder`; what is
/// deeper than that belongs to the class if recursion is asked for.
struct PictureFolder {
  /// The folder.
  let path: String
  /// Paths inside of the folder, one class after the other.
  private(set) var files: [String] = []
  /// The names of the classes; empty if there are none.
  private(set) var classes: [String] = []
  /// The class of each picture, or nil if there are none.
  private(set) var labels: [Int]?

  private var otherCount = 0
  private var hiddenCount = 0
  private var unsearchedCount = 0
  private var visited: Set<String> = []

  /// Searches a folder.
  ///
  /// - Throws: ``ImageReadingError`` if pictures may lie deeper, `FileError` if a class holds none or a folder cannot be read.
  init(_ listing: FolderListing, isRecursive: Bool) throws {
    path = listing.path
    try take(listing, prefix: "", isRecursive: false)
    guard files.isEmpty || isRecursive else { return }
    unsearchedCount = 0
    let hasClasses = files.isEmpty
    var labels: [Int] = []
    for name in listing.folders {
      let first = files.count, inner = try FolderListing(listing.path(of: name))
      try take(inner, prefix: name + "/", isRecursive: isRecursive)
      guard hasClasses else { continue }
      guard files.count > first else {
        guard inner.folders.isEmpty || isRecursive else {
          throw ImageReadingError(
            inner.path, .recursive, "holds no pictures but folders; ask for recursion to search them")
        }
        throw FileError(inner.path, "is a class without pictures, and would count among the labels; remove the folder")
      }
      labels += [Int](repeating: classes.count, count: files.count - first)
      classes.append(name)
    }
    if hasClasses { self.labels = labels }
  }

  private mutating func take(_ listing: FolderListing, prefix: String, isRecursive: Bool) throws(FileError) {
    // A link may lead back to a folder that holds it.
    guard visited.insert((listing.path as NSString).resolvingSymlinksInPath).inserted else { return }
    let pictures = listing.files.filter(PictureForm.isPicture)
    files += pictures.map { prefix + $0 }
    otherCount += listing.files.count - pictures.count
    hiddenCount += listing.hiddenCount
    guard isRecursive else {
      unsearchedCount += listing.folders.count
      return
    }
    for name in listing.folders {
      try take(FolderListing(listing.path(of: name)), prefix: prefix + name + "/", isRecursive: true)
    }
  }

  /// What the user should know: the classes, and how much is passed over; one line each.
  var notes: [String] {
    var notes: [String] = []
    if !classes.isEmpty {
      let names = classes.prefix(10).joined(separator: ", ") + (classes.count > 10 ? ", ..." : "")
      notes.append("\(path): \(counted(classes.count, "class", "classes")) by folder, from 0: \(names)")
    }
    let passed = otherCount + hiddenCount
    var parts: [String] = []
    if passed > 0 {
      let kinds = [(otherCount, "of other forms"), (hiddenCount, "hidden")].filter { $0.0 > 0 }
        .map { "\($0.0) \($0.1)" }.joined(separator: ", ")
      parts.append("\(counted(passed, "file", "files")) passed over: \(kinds)")
    }
    if unsearchedCount > 0 { parts.append("\(counted(unsearchedCount, "folder", "folders")) not searched") }
    if !parts.isEmpty { notes.append("\(path): " + parts.joined(separator: "; ")) }
    return notes
  }
}

private func counted(_ count: Int, _ one: String, _ several: String) -> String {
  "\(count) \(count == 1 ? one : several)"
}
