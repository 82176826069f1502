import Datasets
import Evaluation
import Files
import TestSupport
import Testing

@Suite("Statistics of images")
struct ImageStatisticsTests {
  @Test("The same images have the same statistics in every form, bit for bit")
  func forms() throws {
    let folder = try TemporaryFolder(), count = 23, side = 5
    var state: UInt32 = 9
    let pixels = (0..<count * side * side).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    }
    func encoded(_ shape: [Int]) -> [UInt8] { NumpyArray.encoded(bytes: pixels, shape: shape) }
    try OutputFile.write(
      [0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, UInt8(side), 0, 0, 0, UInt8(side)] + pixels,
      to: folder.path("x-idx3-ubyte"))
    for (name, shape) in [("nchw.npz", [count, 1, side, side]), ("nhwc.npz", [count, side, side, 1])] {
      var archive = NumpyArchive()
      archive.add("arr_0", npy: encoded(shape))
      try archive.write(to: folder.path(name))
    }
    try OutputFile.write(encoded([count, side, side]), to: folder.path("grey.npy"))
    try OutputFile.prepareFolder(folder.path("pictures"))
    for image in 0..<count {
      let own = Array(pixels[image * side * side..<(image + 1) * side * side])
      try OutputFile.write(
        PNGImage(width: side, height: side, channels: 1, pixels: own).encoded(),
        to: folder.path("pictures/\(image + 100).png"))
    }
    let files = try ["x-idx3-ubyte", "nchw.npz", "nhwc.npz", "grey.npy", "pictures"].map {
      try ImageStatistics(of: Dataset.open(folder.path($0))).encoded()
    }
    #expect(files[0].count > 2_000)
    for file in files.dropFirst() { #expect(file == files[0]) }
  }
}
