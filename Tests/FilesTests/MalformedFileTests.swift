import Files
import Foundation
import TestSupport
import Testing

@Suite("Malformed files are errors of one line, never traps")
struct MalformedFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A safetensors file with a header of our choice.
  private func safetensors(_ header: String, data: Int = 8, length: UInt64? = nil) throws -> FileError? {
    let text = Array(header.utf8)
    let prefix = withUnsafeBytes(of: (length ?? UInt64(text.count)).littleEndian) { Array($0) }
    let path = folder.path("x.safetensors")
    try OutputFile.write(prefix + text + [UInt8](repeating: 0, count: data), to: path)
    let result = Result { try SafetensorsFile(path) }
    guard case .failure(let error as FileError) = result else { return nil }
    #expect(error.path.hasPrefix(path))
    #expect(!error.description.contains("\n"))
    return error
  }

  @Test("A well-formed header is no error")
  func wellFormed() throws {
    #expect(try safetensors(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#) == nil)
  }

  @Test(
    "Lying headers are found out",
    arguments: [
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#, "not JSON"),
      (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#, "cut short"),
      (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, "takes 12 bytes"),
      (#"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, "unknown dtype 'F33'"),
      (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, "extent"),
      (#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}"#, "larger than any"),
      (#"{"a":{"dtype":"F32","shape":[4503599627370496,4503599627370496],"data_offsets":[0,8]}}"#, "larger than any"),
      (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, "data_offsets"),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, "follow the last"),
      (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, "gap"),
      (
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        "overlaps"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        "twice"
      ),
      (#"[1]"#, "no object"),
    ])
  func lyingHeaders(header: String, expected: String) throws {
    let error = try #require(try safetensors(header))
    #expect(error.description.contains(expected), "\(error)")
  }

  @Test("A header longer than the file is found out", arguments: [1000, 100_000_000, UInt64.max, 1 << 62])
  func longHeaders(length: UInt64) throws {
    let error = try #require(try safetensors("{}", length: length))
    #expect(error.description.contains(length > 100_000_000 ? "is not safetensors" : "cut short"))
  }

  /// Every way to cut a file, and every byte changed in three ways: nothing may trap.
  private func shake(_ bytes: [UInt8], _ read: (UnsafeRawBufferPointer) throws -> Void) {
    for count in 0..<bytes.count {
      Array(bytes[..<count]).withUnsafeBytes { try? read($0) }
    }
    for index in bytes.indices {
      for change in [UInt8(0xFF), 0x80, 0x01] {
        var changed = bytes
        changed[index] ^= change
        changed.withUnsafeBytes { try? read($0) }
      }
    }
  }

  @Test("No damage to a small file traps")
  func shaken() throws {
    var writer = SafetensorsWriter()
    writer.add("a", shape: [2], values: [1, 2])
    writer.add("b", shape: [1, 3], values: [1, 2, 3], as: .float16)
    shake(writer.encoded()) { bytes in
      // Embedded bytes: what is read does not outlive the closure.
      _ = try SafetensorsFile(MappedFile(name: "shaken", embedded: bytes))
    }
    shake(NumpyArray([1, 2, 3, 4], shape: [2, 2]).encoded()) { _ = try NumpyArray(parsing: $0, path: "shaken") }
    shake(try PNGImage(width: 3, height: 2, channels: 3, pixels: .init(repeating: 9, count: 18)).encoded()) {
      _ = try PNGImage(parsing: $0, path: "shaken")
    }
    shake(Array(#"{"a": [1, "b\u00e9", true, null, -2.5e3], "c": {}}"#.utf8)) {
      _ = try JSONValue(parsing: $0, path: "shaken")
    }
  }

  @Test(
    "No damage to a packed file traps",
    arguments: ["stored.npz", "deflated.npz", "zip64.npz", "tiny-images-idx3-ubyte.gz"])
  func shakenPacked(name: String) throws {
    let bytes = try fileBytes(Fixtures.path("foreign/\(name)"))
    let path = folder.path(name)
    shake(bytes) { damaged in
      try Data(damaged).write(to: URL(fileURLWithPath: path))
      if name.hasSuffix(".npz") {
        _ = try NumpyArchive.array(nil, in: path)
      } else {
        let stream = try ByteStream(path)
        _ = try stream.read(24)
        try stream.expectEnd()
      }
    }
  }

  @Test(
    "No damage to a file of PyTorch traps",
    arguments: ["legacy-view.pt", "nothing.pt", "hostile/archive-value.pt", "persistent2.pkl", "persistent5.pkl"])
  func shakenCheckpoints(name: String) throws {
    shake(try fileBytes(Fixtures.path("checkpoints/\(name)"))) { bytes in
      let mapped = MappedFile(name: "shaken.pt", embedded: bytes)
      for tensor in try TensorListing(mapped).tensors { #expect(tensor.shape.count <= 8) }
      let file = try TorchFile(mapped)
      for (name, value) in file.root.members ?? [] { _ = (value.kind, try? file.tensors([(name, value)])) }
      let state = try file.state(file.root, name: "the file")
      for entry in state.entries.values { _ = state.words(entry) }
    }
  }

  @Test("No damage to a picture with texts, a palette or passes traps", arguments: ["texts", "palette", "interlaced"])
  func shakenPictures(name: String) throws {
    shake(try fileBytes(Fixtures.path("foreign/\(name).png"))) {
      _ = try PNGImage(parsing: $0, path: name)
    }
  }

  @Test("A picture that promises more pixels than its bytes can hold is refused before memory is asked for")
  func hugePicture() throws {
    var bytes = try PNGImage(width: 3, height: 2, channels: 3, pixels: .init(repeating: 9, count: 18)).encoded()
    // Width and height of 65,536, and the checksum that goes with them.
    bytes.replaceSubrange(16..<24, with: [0, 1, 0, 0, 0, 1, 0, 0])
    bytes.replaceSubrange(29..<33, with: [0xE3, 0xE6, 0xA7, 0xB4])
    let error = #expect(throws: FileError.self) { try bytes.withUnsafeBytes { try PNGImage(parsing: $0, path: "x") } }
    #expect(error?.fault.contains("too many pixels") == true, "\(error?.fault ?? "")")
  }

  @Test("Deep nesting is an error, not a stack overflow")
  func deepNesting() {
    let bytes = [UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)
    #expect(throws: FileError.self) { try bytes.withUnsafeBytes { try JSONValue(parsing: $0, path: "deep") } }
  }

  @Test("Shards must lie beside their index", arguments: ["../x.safetensors", "/etc/passwd", "", ".hidden"])
  func shards(name: String) {
    let text = #"{"weight_map": {"a": "\#(name)"}}"#
    #expect(throws: FileError.self) {
      try Array(text.utf8).withUnsafeBytes { try SafetensorsIndex(parsing: $0, path: "index") }
    }
  }

  @Test("A file that cannot be written leaves nothing behind")
  func unwritable() throws {
    #expect(throws: FileError.self) { try OutputFile.write([1, 2, 3], to: folder.path("missing/x.npy")) }
    try OutputFile.prepareFolder(folder.path("there"))
    #expect(throws: FileError.self) { try OutputFile.write([1, 2, 3], to: folder.path("there")) }
    #expect(throws: FileError.self) { try OutputFile.checkWritable(folder.path("there")) }
    #expect(throws: FileError.self) { try OutputFile.checkWritable("/proc/x.npy") }
    #expect(try folder.listing() == ["there"])
  }
}
