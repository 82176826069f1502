import CheckpointFormats
import DiffuseGPU
import Foundation

extension Parser {
  /// What makes a network of the names and shapes of a checkpoint's tensors, and of the settings beside it.
  ///
  /// An input is a table, a tensor a line (`input_blocks.0.0.weight F32 8,3,3,3`), and the settings; the file that is made of it is as
  /// long as its shapes say and holds zeros, of which the disk keeps nothing, and score_sde's list of sigmas, which must be one.
  static let networks: [Parser] = [
    Parser("network-table", longestInput: 32768) {
      try ["score-sde", "ddpmpp", "ncsnpp", "ncsnpp-residual", "guided", "improved", "consistency"].map { name in
        let folder = "Tests/Fixtures/networks/\(name)"
        let settings = (try? Data(contentsOf: URL(fileURLWithPath: "\(folder)/network.json"))) ?? Data("{}".utf8)
        return joined([Array(try table(ofCheckpointIn: "\(folder)/network.zip").utf8), Array(settings)])
      }
    } read: { bytes in
      let parts = parts(of: bytes, ["table", "settings"])
      guard let table = parts["table"], let file = sparseFile(of: text(table)) else { return }
      let checkpoint = try withFile("input.safetensors", file.header, zeros: file.zeros) { path in
        guard let settings = parts["settings"] else { return try Checkpoint(path) }
        return try withFile("input.json", settings) { _ in try Checkpoint(path) }
      }
      let configuration = checkpoint.configuration
      let copy = try UNetConfiguration(configuration.json, path: "copy")
      try BrokenPromise.unless(copy == configuration, "a configuration is read as it is written")
      guard configuration.parameterCount <= 1_000_000 else { return }
      _ = try UNet(configuration, parameters: checkpoint.parameters())
    }
  ]

  /// The names, types and shapes of the tensors of a zipped checkpoint.
  private static func table(ofCheckpointIn archive: String) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-m", "zipfile", "-e", archive, folder]
    try process.run()
    process.waitUntilExit()
    guard let name = try FileManager.default.contentsOfDirectory(atPath: folder).first else {
      throw FuzzError("\(archive): holds no checkpoint")
    }
    let state = try CheckpointWeights(TorchFile(MappedFile("\(folder)/\(name)"))).state
    return state.entries.sorted { $0.key < $1.key }.map { name, entry in
      "\(name) \(entry.type.rawValue) \(entry.shape.map(String.init).joined(separator: ","))"
    }.joined(separator: "\n")
  }

  /// The header of a safetensors file with the tensors of a table, and how many zeros follow it; nil of what is no table.
  private static func sparseFile(of table: String) -> (header: [UInt8], zeros: Int)? {
    var members: [String: JSONValue] = [:], end = 0
    var sigmas: [UInt8] = []
    let lines = table.split(separator: "\n").prefix(512)
    for line in lines.filter({ $0.hasPrefix("sigmas ") }) + lines.filter({ !$0.hasPrefix("sigmas ") }) {
      let words = line.split(separator: " ", omittingEmptySubsequences: false)
      guard words.count == 3, let type = SafetensorsType(rawValue: String(words[1])) else { return nil }
      let shape = words[2].split(separator: ",").map { Int($0) ?? 0 }
      var size = type.byteCount
      for extent in shape {
        let (product, overflows) = size.multipliedReportingOverflow(by: extent)
        guard extent >= 0, !overflows, product <= 1 << 36 else { return nil }
        size = product
      }
      guard members[String(words[0])] == nil, end + size <= 1 << 38 else { return nil }
      members[String(words[0])] = .object([
        "dtype": .string(type.rawValue), "shape": .array(shape.map { .number(Double($0)) }),
        "data_offsets": .array([.number(Double(end)), .number(Double(end + size))]),
      ])
      if words[0] == "sigmas", [.float32, .float64].contains(type), size <= 8192 {
        let levels = (0..<size / type.byteCount).map { 50 / Double(1 + $0) }
        sigmas = levels.flatMap { level in
          type == .float64 ? withUnsafeBytes(of: level) { Array($0) } : withUnsafeBytes(of: Float(level)) { Array($0) }
        }
      }
      end += size
    }
    let header = Array(JSONValue.object(members).line.utf8)
    return (withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header + sigmas, end - sigmas.count)
  }
}
