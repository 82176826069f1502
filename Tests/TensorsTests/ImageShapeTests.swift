import Foundation
import Tensors
import Testing

@Suite("Extents of images")
struct ImageShapeTests {
  let shape = ImageShape(channels: 3, height: 32, width: 48)

  @Test("Extents go through JSON and are written as they are read")
  func coding() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let json = try encoder.encode(shape)
    #expect(String(decoding: json, as: UTF8.self) == #"{"channels":3,"height":32,"width":48}"#)
    #expect(try JSONDecoder().decode(ImageShape.self, from: json) == shape)
    #expect(try JSONDecoder().decode(ImageSize.self, from: encoder.encode(shape.size)) == shape.size)
    #expect("\(shape) \(shape.size)" == "3x32x48 32x48" && shape.count == 4608)
  }

  @Test(
    "Extents that are missing or not positive are errors, not traps",
    arguments: [
      #"{"channels":0,"height":32,"width":48}"#, #"{"channels":3,"height":-1,"width":48}"#,
      #"{"channels":3,"height":32,"width":0}"#, #"{"channels":3,"height":32}"#,
    ])
  func refuses(json: String) {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(ImageShape.self, from: Data(json.utf8)) }
  }
}
