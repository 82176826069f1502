import Files
import Foundation

/// The name of the images in an archive of arrays.
///
/// The only array, or one that goes by a customary name: NumPy's and ADM's `arr_0`, Keras' `x_train`, MedMNIST's `train_images`.
///
/// - Throws: ``ImageReadingError`` if the archive holds several, none of which goes by such a name.
func imageArray(_ named: String?, in path: String) throws -> String? {
  if let named { return named }
  let names = try NumpyArchive.names(in: path)
  if names.count < 2 { return names.first }
  guard let name = ["arr_0", "images", "x_train", "train_images"].first(where: names.contains) else {
    throw ImageReadingError(path, .array, "holds \(names.joined(separator: ", ")); which of them are the images?")
  }
  return name
}

/// The array of labels in an archive.
struct ArrayLabelling {
  let name: String
  /// Whether a reading names it; else it is a guess by name, which may hold something else.
  let isNamed: Bool

  /// The array that is named, or that which goes with the images by its name, such as `y_train` with `x_train`; nil if there is none.
  init?(_ named: String?, images: String, in path: String) throws(FileError) {
    if let named {
      (name, isNamed) = (named, true)
      return
    }
    let pairs = [("arr_0", "arr_1"), ("x_", "y_"), ("images", "labels"), ("image", "label")]
    let partners = pairs.compactMap { part, partner in
      images.range(of: part).map { images.replacingCharacters(in: $0, with: partner) }
    }
    let names = try NumpyArchive.names(in: path)
    guard let partner = partners.first(where: names.contains) else { return nil }
    (name, isNamed) = (partner, false)
  }
}
