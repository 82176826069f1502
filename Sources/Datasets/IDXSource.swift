public import Files

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
      let hint = words[0] == 2049 ? "; it holds labels" : ""
      throw FileError(path, "is no IDX file of images: its magic number is \(words[0]), not 2051\(hint)")
    }
    guard words[1] > 0, (1...65_536).contains(words[2]), (1...65_536).contains(words[3]) else {
      throw FileError(path, "holds \(words[1]) images of \(words[2])x\(words[3]) according to its header")
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
}
