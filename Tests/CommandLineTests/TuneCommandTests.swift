import Files
import Foundation
import TestSupport
import Testing

@Suite("tune", .serialized)
struct TuneCommandTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Program.Result {
    try Program.run(
      arguments + ["--device", "opencl", "--quiet"],
      environment: ["XDG_CACHE_HOME": folder.url.path].merging(environment) { $1 })
  }

  private func sample(_ name: String, _ environment: [String: String] = [:]) throws -> [UInt8] {
    let path = folder.path(name)
    let result = try run(
      ["sample", "--sampler", "ddim", "--steps", "2", "--count", "3", "--output", path], environment)
    #expect(result.status == 0, "\(result.error)")
    return try fileBytes(path)
  }

  /// The only table in the cache.
  private func table() throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("diffuse-gpu"))
    return folder.path("diffuse-gpu/\(try #require(names.first { $0.hasPrefix("tuning-") }))")
  }

  @Test("Every layer gets a variant that is right; it is kept, taken, left aside and forgotten")
  func tunes() throws {
    let before = try sample("before.npy")
    let found = try run(["tune", "--batch", "1", "--json"])
    #expect(found.status == 0, "\(found.error)")
    let json = try JSONValue(found.output, path: "tune"), layers = try #require(json["layers"]?.array)
    #expect(layers.count > 5 && json["choices"]?.object?.count == layers.count)
    for layer in layers {
      let variants = try #require(layer["variants"]?.array)
      #expect((2...12).contains(variants.count) && variants.allSatisfy { $0["fault"]?.string == nil }, "\(layer.text)")
      #expect(variants.contains { $0["variant"] == layer["best"] } && (layer["gain"]?.double ?? 0) >= 1)
    }
    // A second run has nothing to do, and tells so.
    let again = try JSONValue(run(["tune", "--batch", "1", "--json"]).output, path: "tune")
    #expect(again["layers"] == .array([]) && again["choices"] == json["choices"])

    let path = try table(), kept = try JSONValue(contentsOf: path)
    #expect(kept["convolutions"] == json["choices"])
    // The direct method everywhere differs in its last bits, and never by the batch.
    var members = kept.object ?? [:]
    members["convolutions"] = .object((kept["convolutions"]?.object ?? [:]).mapValues { _ in .string("direct") })
    try OutputFile.write(JSONValue.object(members).text.utf8, to: path)
    let direct = try sample("direct.npy")
    #expect(direct != before)
    #expect(try sample("untuned.npy", ["DIFFUSE_TUNING": "off"]) == before)
    let record = try JSONValue(contentsOf: folder.path("direct.json"))
    #expect(record["machine"]?["tuning"]?.string?.count == 64)

    #expect(try run(["tune", "--forget"]).output.contains("its own choices again"))
    #expect(try run(["tune", "--forget"]).output.contains("was not tuned"))
    #expect(try sample("after.npy") == before)

    // A table that is damaged is told of and left aside; tune refuses it in one line.
    for text in ["{", "{}", "[1]", #"{"format": "diffuse-gpu tuning 1", "device": ["another"], "convolutions": {}}"#] {
      try OutputFile.write(text.utf8, to: path)
      #expect(try sample("x.npy") == before)
      let result = try run(["tune"])
      #expect(
        result.status != 0 && result.output.isEmpty && result.error.hasPrefix("Error: \(path)"), "\(result.error)")
      #expect(result.error.split(separator: "\n").count == 1)
    }
  }

  @Test("What has nothing to choose from is refused in one line")
  func refusals() throws {
    let cpu = try Program.run(["tune", "--device", "cpu", "--quiet"])
    #expect(cpu.status != 0 && cpu.error.hasPrefix("Error: --device: "), "\(cpu.error)")
    let exact = try run(["tune", "--exact"])
    #expect(exact.status != 0 && exact.error.hasPrefix("Error: --exact: "), "\(exact.error)")
  }
}
