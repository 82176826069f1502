import CLibFuzzer
import Foundation

/// Feeds a parser with mutated inputs: `Fuzz list`, `Fuzz seeds PARSER FOLDER`, or `Fuzz PARSER [libFuzzer's arguments]`.
///
/// A trap, a fault that a sanitizer finds, or an input that takes too long or too much memory ends the process, and libFuzzer keeps
/// the input; what a parser throws is its answer. `Fuzz PARSER FILE` tries one input again. Runs in the root of the repository,
/// whose fixtures are seeds.
@main
struct Fuzz {
  /// The parser, which libFuzzer's callback cannot carry.
  nonisolated(unsafe) private static var parser: Parser?

  static func main() {
    do {
      try start(CommandLine.arguments)
    } catch {
      FileHandle.standardError.write(Data("\(error)\n".utf8))
      exit(1)
    }
  }

  private static func start(_ arguments: [String]) throws {
    if arguments.count == 2, arguments[1] == "list" {
      print(Parser.all.map(\.name).joined(separator: "\n"))
      return
    }
    let isSeeding = arguments.count == 4 && arguments[1] == "seeds"
    guard let name = arguments.dropFirst(isSeeding ? 2 : 1).first,
      let parser = Parser.all.first(where: { $0.name == name })
    else { throw FuzzError("Fuzz list | Fuzz seeds PARSER FOLDER | Fuzz PARSER [libFuzzer's arguments]") }
    if isSeeding {
      try writeSeeds(of: parser, to: arguments[3])
    } else {
      self.parser = parser
      try run(parser)
    }
  }

  private static func writeSeeds(of parser: Parser, to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (place, seed) in try parser.seeds().enumerated() {
      // libFuzzer would cut it, which leaves nothing but the refusal of files that are cut short.
      guard seed.count <= parser.longestInput else {
        throw FuzzError(
          "\(parser.name): seed \(place) has \(seed.count) bytes, the longest input \(parser.longestInput)")
      }
      // A seed that the parser refuses would leave most of it untried.
      if place == 0 { try seed.withUnsafeBytes(parser.read) }
      try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/seed-\(place)"))
    }
  }

  private static func run(_ parser: Parser) throws {
    let options = ["-max_len=\(parser.longestInput)"] + CommandLine.arguments.dropFirst(2)
    var arguments: [UnsafeMutablePointer<CChar>?] = ([CommandLine.arguments[0]] + options).map { strdup($0) }
    arguments.append(nil)
    let status = arguments.withUnsafeMutableBufferPointer { buffer in
      var (count, pointer) = (CInt(buffer.count - 1), buffer.baseAddress)
      return LLVMFuzzerRunDriver(&count, &pointer) { bytes, count in
        Fuzz.tried(UnsafeRawBufferPointer(start: bytes, count: count))
      }
    }
    exit(status)
  }

  private static func tried(_ bytes: UnsafeRawBufferPointer) -> CInt {
    do {
      try parser?.read(bytes)
    } catch let failure as BrokenPromise {
      fatalError("\(failure)")
    } catch {
      // What is printed is made of foreign text too.
      _ = "\(error)"
    }
    return 0
  }
}

/// Arguments that are none of the three forms, or a seed that cannot be made.
struct FuzzError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// A parser that accepted an input, and then did not do with it what it promises.
struct BrokenPromise: Error, CustomStringConvertible {
  let description: String

  /// Throws unless what was promised holds.
  static func unless(_ holds: Bool, _ promise: String) throws {
    if !holds { throw BrokenPromise(description: "broken: \(promise)") }
  }
}
