import Files
import Foundation
import TestSupport
import Testing

@Suite("Pickles that want to be more than data are refused, and nothing of them runs")
struct HostilePickleTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  static let hostile: [String] = {
    let path = Fixtures.path("checkpoints/hostile")
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }()

  /// The error of a reader that wants tensors of a file, each value of its dictionary among them.
  private func refusal(_ path: String) -> FileError? {
    do throws(FileError) {
      let file = try TorchFile(path)
      _ = try file.state(file.root, name: "the file")
      return nil
    } catch {
      return error
    }
  }

  @Test("Every file that scanners flag is refused in one line, by the name that it calls", arguments: hostile)
  func flagged(name: String) throws {
    let path = Fixtures.path("checkpoints/hostile/\(name)")
    let error = try #require(refusal(path), "\(name)")
    #expect(error.path.hasPrefix(path) && !error.description.contains("\n"))
    let listing = try TensorListing(path)
    let inert = listing.globals.filter { !$0.isKnown }
    let isNamed = error.fault.contains("opcode") || inert.contains { error.fault.contains($0.name) }
    #expect(listing.fault != nil || isNamed, "\(error)")
    // What the file names before it is refused is told, unless it is refused for its container.
    if ![
      "instance.pkl", "protocol-0.pkl", "extension.pkl", "archive-compressed.pt", "second-protocol.pkl",
      "two-pickles.pkl", "memo-global.pkl",
    ].contains(name) {
      #expect(!inert.isEmpty, "\(name)")
    }
    #expect(!FileManager.default.fileExists(atPath: "diffuse-gpu-ran-a-pickle"))
  }

  @Test("There are files of every kind, and they name what they want")
  func kinds() throws {
    #expect(Self.hostile.count >= 28)
    for (name, fault) in [
      ("system.pkl", "calls os.system, which"), ("python2-eval.pkl", "calls builtins.eval"),
      ("stack-global.pkl", "calls os.system"), ("getattr.pkl", "calls builtins.getattr"),
      ("set-state.pkl", "calls functools.partial"), ("nested-pickle.pkl", "calls pickle.loads"),
      ("archive-value.pt", "calls os.system"), ("instance.pkl", "begins neither"),
      ("new-object.pkl", "an object of subprocess.Popen, not"), ("object.pkl", "opcode 0x6f ('o') is not read"),
      ("extension.pkl", "opcode 0x82 is not read"), ("unknown-behind.pkl", "opcode 0x30 ('0') is not read"),
      ("two-pickles.pkl", "bytes follow its end"), ("second-protocol.pkl", "a second protocol"),
      ("archive-compressed.pt", "is compressed"), ("global-in-state.pt", "the name os.system"),
    ] {
      let error = refusal(Fixtures.path("checkpoints/hostile/\(name)"))
      #expect(error?.fault.contains(fault) == true, "\(name): \(String(describing: error))")
    }
  }

  /// A pickle of protocol 4 of opcodes of our choice.
  private func pickle(_ body: [UInt8], _ name: String = "x.pkl") throws -> String {
    let path = folder.path(name)
    try OutputFile.write([0x80, 4] + body + [0x2E], to: path)
    return path
  }

  private func text(_ text: String) -> [UInt8] { [0x8C, UInt8(text.utf8.count)] + Array(text.utf8) }

  @Test("Lengths that lie, and numbers that are too large, are found out before memory is asked for")
  func lengths() throws {
    let many: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
    let half: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
    for length in [many, half] {
      for opcode: UInt8 in [0x8D, 0x8E, 0x96, 0x95] {
        let error = refusal(try pickle([opcode] + length))
        #expect(error?.fault.contains("promised") == true, "\(String(describing: error))")
      }
    }
    for opcode: UInt8 in [0x58, 0x42] {
      #expect(refusal(try pickle([opcode] + many.prefix(4)))?.fault.contains("promised") == true)
    }
    #expect(refusal(try pickle([0x8A, 0xFF]))?.fault.contains("promised") == true)
  }

  @Test("Opcodes that want what is not there are one line")
  func misuse() throws {
    for body: [UInt8] in [
      [], [0x4E, 0x4E], [0x28], [0x74], [0x85], [0x28, 0x4E, 0x85, 0x74], [0x52], [0x4E, 0x4E, 0x52],
      [0x29, 0x29, 0x52],
      [0x4E, 0x61], [0x5D, 0x28, 0x61], [0x7D, 0x28, 0x4E, 0x75], [0x4E, 0x4E, 0x4E, 0x73], [0x68, 0], [0x94],
      [0x71, 0], [0x62], [0x4E, 0x62], [0x29, 0x4E, 0x62], [0x93], [0x4E, 0x4E, 0x93], [0x51], [0x4E, 0x51], [0x63],
      [0x63, 0x0A], [0x8C, 1, 0xFF], [0x4A, 1], [0x47, 0], [0x81], [0x4E, 0x29, 0x81], [0x29, 0x28, 0x65], [0x90],
      [0x28, 0x91, 0x28, 0x75],
    ] {
      let error = refusal(try pickle(body))
      #expect(error != nil && error?.description.contains("\n") == false, "\(body)")
      #expect(try TensorListing(folder.path("x.pkl")).tensors.isEmpty)
    }
  }

  @Test("Depth, cycles and values that double are no more than their opcodes")
  func graphs() throws {
    // A list in a list, ten thousand times.
    let deep = try pickle([UInt8](repeating: 0x5D, count: 10_000) + [UInt8](repeating: 0x61, count: 9999))
    #expect(try TensorListing(deep).fault?.fault.contains("nested more than 256 deep") == true)
    #expect(try TorchFile(deep).root.elements?.count == 1)
    // A list that holds itself, in a dictionary that holds itself.
    let cycle = try pickle(
      [0x7D, 0x94] + text("me") + [0x68, 0, 0x73] + text("list") + [0x5D, 0x94, 0x68, 1, 0x61, 0x73])
    let root = try TorchFile(cycle).root
    #expect(root["me"]?["me"]?["list"]?.elements?.first?.identity == root["list"]?.identity)
    #expect(try TensorListing(cycle).fault == nil)
    // Lists of twice the list before, thirty deep: a thousand million if they were walked apart.
    var doubled: [UInt8] = [0x5D, 0x94]
    for level in 0..<30 { doubled += [0x5D, 0x28, 0x68, UInt8(level), 0x68, UInt8(level), 0x65, 0x94] }
    // What lies below stays on the stack, so that the whole is a tuple.
    #expect(try TensorListing(pickle([0x28] + doubled + [0x74])).fault == nil)
  }

  @Test("Of two values of one key the last counts, in the place of the first")
  func duplicates() throws {
    let pairs = text("a") + [0x4B, 1] + text("b") + [0x4B, 2] + text("a") + [0x4B, 3]
    let root = try TorchFile(pickle([0x7D, 0x28] + pairs + [0x75])).root
    #expect(root.members?.map(\.name) == ["a", "b"] && root.members?.map(\.value.integer) == [3, 2])
    #expect(root["a"]?.integer == 3)
    var many: [UInt8] = [0x7D, 0x28]
    for key in 0..<100 { many += text("key\(key % 90)") + [0x4B, UInt8(key)] }
    let large = try TorchFile(pickle(many + [0x75])).root
    #expect(large.members?.count == 90 && large["key3"]?.integer == 93 && large["key20"]?.integer == 20)
    #expect(large["key90"] == nil)
  }

  @Test(
    "A pickle that would take more than three times its size is refused",
    arguments: [[0x4E], [0x28], [0x5D], [0x4E, 0x94], [0x29], [0x7D]] as [[UInt8]])
  func bombs(pattern: [UInt8]) throws {
    let body = [UInt8]((0..<(2_000_000 / pattern.count)).lazy.flatMap { _ in pattern })
    let error = refusal(try pickle(body))
    #expect(
      error?.fault.contains("of memory, as no checkpoint of its size does") == true, "\(String(describing: error))")
  }
}
