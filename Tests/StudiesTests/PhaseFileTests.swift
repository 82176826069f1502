import Files
import Studies
import SymmetryBreaking
import Tensors
import Testing

@Suite("What is known of a phase transition as a file")
struct PhaseFileTests {
  private static let shape = ImageShape(channels: 1, height: 1, width: 2)

  private func phase() throws -> PhaseFile {
    let line = try #require(
      ModelLine(
        seeds: [3, 5], ends: [[0, 255], [255, 0]], Self.shape, places: [-1, 0, 1],
        levels: [
          .init(step: 900, potential: [1, 0, 1], fixedPlaces: [.init(place: 0, isStable: true)]),
          .init(step: 100, potential: [0, 1, 0], fixedPlaces: [.init(place: 0.1, isStable: false)]),
        ]))
    let members = ["step": 455.0, "lower": 451, "upper": 458].mapValues { JSONValue.number($0) }
    return PhaseFile(weights: ["w": "abc"], critical: CriticalStep(members: members), line: line)
  }

  private func read(_ json: JSONValue, weights: [String: String] = ["w": "abc"]) throws -> PhaseFile {
    try PhaseFile(json, path: "phase.json", weights: weights, Self.shape)
  }

  @Test("A file gives back what was written, and the page's document with it")
  func roundTrip() throws {
    let written = try phase(), found = try read(JSONValue(written.json.text, path: "phase.json"))
    #expect(found.json == written.json)
    #expect(try found.line.json == written.line.json)
    #expect(try found.line.json["pictures"]?.array?.count == 2)
    #expect(found.critical?.members["step"]?.int == 455)
    var calm = written
    calm.critical = nil
    #expect(try read(calm.json).critical == nil)
  }

  @Test("A file of other weights, or with parts that are none, is refused in one line")
  func refusals() throws {
    let whole = try phase().json
    #expect(throws: FileError.self) { try read(whole, weights: ["w": "abd"]) }
    #expect(throws: FileError.self) { try read(.object([:])) }
    for (part, value) in [
      ("places", JSONValue([1, 0, -1])), ("places", .array([.number(0)])), ("ends", .array([.string("AA==")])),
      ("ends", .array([.string("AP8="), .string("AP8=")])), ("levels", .array([])), ("seeds", .null),
      ("levels", .array([.object(["step": .number(3), "potential": JSONValue([1, 2])])])),
      ("places", .array([.number(-1), .string("0"), .number(1)])),
    ] {
      var members = try #require(whole.object), line = try #require(members["line"]?.object)
      line[part] = value
      members["line"] = .object(line)
      let error = #expect(throws: FileError.self, "\(part)") { try read(.object(members)) }
      #expect(error?.description.hasPrefix("phase.json: ") == true)
    }
  }
}
