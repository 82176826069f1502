import CLibFuzzer
import DiffuseGPU
import Foundation

/// Something that reads foreign bytes, with inputs to begin with.
struct Parser: Sendable {
  /// What the command line calls it.
  let name: String
  /// The longest input that is tried, in bytes; it bounds the memory that an honest parser takes.
  let longestInput: Int
  /// Inputs that are mutated; the first one is read without an error.
  let seeds: @Sendable () throws -> [[UInt8]]
  /// Reads an input and uses what comes of it, as the program would.
  let read: @Sendable (UnsafeRawBufferPointer) throws -> Void

  init(
    _ name: String, longestInput: Int = 4096, seeds: @escaping @Sendable () throws -> [[UInt8]],
    read: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
  ) {
    (self.name, self.longestInput, self.seeds, self.read) = (name, longestInput, seeds, read)
  }

  /// All parsers, in the order in which they are tried.
  static let all: [Parser] = files + checkpoints + networks + images + models + shards + sampling + studies + training
}

/// The files of the tests that have an ending, for seeds.
func fixtures(_ folder: String, ending: String) throws -> [[UInt8]] {
  let folder = "Tests/Fixtures/\(folder)"
  let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(ending) }.sorted()
  guard !names.isEmpty else { throw FuzzError("\(folder): holds no '\(ending)'; run in the root of the repository") }
  return try names.map { try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)"))) }
}

/// A folder in memory that is this process's own, for parsers that take paths.
private let folder: String = {
  let path = "/dev/shm/diffuse-gpu-fuzz-\(getpid())"
  mkdir(path, 0o700)
  atexit { try? FileManager.default.removeItem(atPath: "/dev/shm/diffuse-gpu-fuzz-\(getpid())") }
  return path
}()

/// Hands an input to a reader as a file of a name.
func withFile<Result>(
  _ name: String, _ bytes: UnsafeRawBufferPointer, _ body: (String) throws -> Result
) throws -> Result {
  let path = "\(folder)/\(name)"
  guard let file = fopen(path, "w") else { throw FuzzError("\(path): cannot be written") }
  let count = fwrite(bytes.baseAddress, 1, bytes.count, file)
  fclose(file)
  guard count == bytes.count else { throw FuzzError("\(path): cannot be written") }
  return try body(path)
}

/// Hands bytes to a reader as a file of a name, with zeros after them that take no memory.
func withFile<Result>(
  _ name: String, _ bytes: [UInt8], zeros: Int, _ body: (String) throws -> Result
) throws -> Result {
  try bytes.withUnsafeBytes { bytes in
    try withFile(name, bytes) { path in
      guard truncate(path, bytes.count + zeros) == 0 else { throw FuzzError("\(path): cannot be made longer") }
      return try body(path)
    }
  }
}

/// What stands between the files of an input that is several.
private let separator = Array("\n%%%%\n".utf8)

/// Several files as one input.
func joined(_ files: [[UInt8]]) -> [UInt8] { Array(files.joined(separator: separator)) }

/// The files of an input, in the order of their names; those that are missing are not there.
func parts(of bytes: UnsafeRawBufferPointer, _ names: [String]) -> [String: UnsafeRawBufferPointer] {
  var result: [String: UnsafeRawBufferPointer] = [:]
  var place = 0
  for name in names {
    let rest = UnsafeRawBufferPointer(rebasing: bytes[place...])
    guard name != names.last, let start = rest.baseAddress,
      let next = memmem(start, rest.count, separator, separator.count)
    else {
      result[name] = rest
      break
    }
    let count = UnsafeRawPointer(next) - start
    result[name] = UnsafeRawBufferPointer(rebasing: rest[..<count])
    place += count + separator.count
  }
  return result
}

/// The text of an input, repaired where it is not UTF-8, as the arguments of a program are.
func text(_ bytes: UnsafeRawBufferPointer) -> String { String(decoding: bytes, as: UTF8.self) }

/// An input as JSON.
func json(_ bytes: UnsafeRawBufferPointer) throws -> JSONValue { try JSONValue(parsing: bytes, path: "input") }

/// An input as a safetensors file.
func tensors(_ bytes: UnsafeRawBufferPointer) throws -> SafetensorsFile {
  try SafetensorsFile(MappedFile(name: "input", embedded: bytes))
}
