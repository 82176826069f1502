/// The memory that a file's pickles may still take.
final class PickleBudget {
  private let limit: Int
  private var left: Int

  init(fileSize: Int) {
    limit = max(1 << 25, fileSize > Int.max / 3 ? Int.max : 3 * fileSize)
    left = limit
  }

  func charge(_ byteCount: Int, path: String) throws(FileError) {
    guard byteCount <= left else {
      throw FileError(
        path, "its pickle wants more than \(limit >> 20) MiB of memory, as no checkpoint of its size does")
    }
    left -= byteCount
  }
}
