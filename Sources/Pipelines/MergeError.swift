/// Parts that do not make up a run.
public enum MergeError: Error, Sendable, Hashable, CustomStringConvertible {
  /// No part at all.
  case nothing
  /// A picture of many images.
  case grid(path: String)
  /// Outputs of different forms.
  case forms(String, String)
  /// A file or folder that no run of a part made.
  case noPart(path: String)
  /// Parts of runs that were cut differently.
  case counts(String, Shard, String, Shard)
  /// Parts of different runs.
  case differ(field: String, String, String)
  /// The same part twice.
  case twice(Shard, String, String)
  /// A part that is not there.
  case missing(Shard)
  /// A part that was stopped before its end.
  case unfinished(path: String, images: Int?, of: Int)
  /// An array that is not what a run writes.
  case otherArray(path: String)
  /// A picture that is not the run's.
  case otherPicture(path: String)

  /// The fault as one line that says what would be right.
  public var description: String {
    switch self {
    case .nothing: "no parts are named"
    case .grid(let path): "\(path): pictures of many images cannot be joined; parts are .npz, .npy or folders"
    case .forms(let first, let second): "\(second): is not of the form of \(first); parts and output are of one form"
    case .noPart(let path): "\(path): is no part of a run; parts are made by naming one of several, such as 0/4"
    case .counts(let first, let shard, let second, let other):
      "\(second): is part \(other), and \(first) is part \(shard); the parts must be of as many"
    case .differ(let field, let first, let second):
      "\(second): '\(field)' of its record is not that of \(first); they are parts of different runs"
    case .twice(let shard, let first, let second): "\(second): is part \(shard), and so is \(first)"
    case .missing(let shard): "part \(shard) is missing; name it as well, or draw it"
    case .unfinished(let path, let images, let count):
      "\(path): holds \(images.map { "\($0) of " } ?? "fewer than the ")\(count) images of its part; draw the part again"
    case .otherArray(let path): "\(path): is not the array that its record tells of"
    case .otherPicture(let path): "\(path): is not the picture of this run; its record is another"
    }
  }
}
