public import Files
public import Tensors

/// Images in the IDX format of MNIST (LeCun, Cortes and Burges 1998), compressed with gzip or not.
public final class IDXSource: ImageSource {
  /// The file.
  public let path: String
  /// One grey channel.
  public let shape: ImageShape
  /// Images according to the header.
  public let count: Int
  private let stream: ByteStream
  private var left: Int

  /// Opens a file of images: a magic number of 2051, then count, rows and columns, big-endian, then bytes.
  public init(_ path: String) throws(FileError) {
    stream = try ByteStream(path)
    self.path = path
    let header = try stream.read(16)
    let words = (0..<4).map { word in header[4 * word..<4 * word + 4].reduce(0) { $0 << 8 | Int($1) } }
    guard words[0] == 2051 else {
      if let error = ByteStream.mistaken(path, for: "an IDX file of images") { throw error }
      let hint = words[0] == 2049 ? "; it holds labels" : ""
      throw FileError(path, "is no IDX file of images: its magic number is \(words[0]), not 2051\(hint)")
    }
    guard words[1] > 0, (1...65_536).contains(words[2]), (1...65_536).contains(words[3]) else {
      throw FileError(path, "holds \(words[1]) images of \(words[2])x\(words[3]) according to its header")
    }
    let (values, overflows) = (words[2] * words[3]).multipliedReportingOverflow(by: words[1])
    guard !overflows, values <= stream.byteLimit - 16 else {
      throw FileError(path, "is cut short: its header says \(words[1]) images of \(words[2])x\(words[3])")
    }
    count = words[1]
    left = words[1]
    shape = ImageShape(channels: 1, height: words[2], width: words[3])
  }

  /// The next images; the last call makes sure that the file is as long as its header says.
  public func next(_ count: Int) throws(FileError) -> [Float] {
    let taken = min(count, left)
    guard taken > 0 else { return [] }
    let bytes = try stream.read(taken * shape.count)
    left -= taken
    if left == 0 { try stream.expectEnd() }
    return bytes.map(modelValue)
  }

  /// What the user should know of a file that unpacks to 64 MB or more and a hundred times its size; nil for others.
  ///
  /// No more than the header says is ever unpacked, and a few images at a time.
  var expansion: String? {
    let unpacked = 16 + count * shape.count
    guard unpacked >= 64_000_000, unpacked / 100 >= stream.fileSize else { return nil }
    return "\(path): \(stream.fileSize) bytes are unpacked to \(unpacked)"
  }

  /// The labels in the file beside it: `train-labels-idx1-ubyte` beside `train-images-idx3-ubyte`, compressed or not, or in a
  /// folder of that name.
  public func labels() throws(FileError) -> [Int]? {
    guard let found = IDXLayout.labels(of: path) else { return nil }
    let labels = try ByteStream(found)
    let header = try labels.read(8)
    guard header[..<4] == [0, 0, 8, 1] else { throw FileError(found, "is no IDX file of labels") }
    let labelCount = header[4...].reduce(0) { $0 << 8 | Int($1) }
    guard labelCount == count else { throw FileError(found, "holds \(labelCount) labels for \(count) images") }
    let bytes = try labels.read(count)
    try labels.expectEnd()
    return bytes.map { Int($0) }
  }
}
