import Diffusion
import Files
import Pipelines
import Testing

import Serving

@Suite("What a page asks for", .serialized)
struct JobRequestTests {
  @Test("A request becomes the run of a command line, which stands beside it")
  func commands() async throws {
    let models = [try await makeServedModel()]
    func command(_ text: String) throws -> String {
      try JobRequest(json(text), of: models).command(device: ["--device", "cpu"])
    }
    #expect(
      try command("{\"model\": 0, \"steps\": 5, \"start\": 520, \"seeds\": \"0-3,9\"}")
        == "diffuse-gpu sample --model mnist --sampler ddim --steps 5 --late-start 520 --seeds 0-3,9 --device cpu --output samples.png"
    )
    #expect(
      try command(
        "{\"model\": 0, \"sampler\": \"ddpm-paper\", \"start\": 300, \"init\": \"noise\", \"class\": \"0-3\", \"guidance\": 2}"
      )
        == "diffuse-gpu sample --model mnist --sampler ddpm-paper --steps 10 --late-start 300 --late-start-init noise --class 0-3 "
        + "--guidance 2 --seeds 0-15 --device cpu --output samples.png")
    #expect(try command("{\"world\": {\"share\": 0.5}}").contains("--world two-points "))
    #expect(
      try command("{\"world\": {\"share\": 0.8}}").hasPrefix(
        "echo '{\"points\": [[1], [-1]], \"weights\": [80, 20]}' > points.json && diffuse-gpu sample --world mixture:points.json "
      ))
  }

  @Test(
    "What is wrong is named in one line",
    arguments: [
      ("[]", "an object"), ("{}", "model: "), ("{\"model\": 1}", "model: "), ("{\"model\": \"mnist\"}", "model: "),
      ("{\"model\": 0, \"steps\": 0}", "steps: "), ("{\"model\": 0, \"steps\": 1001}", "steps: "),
      ("{\"model\": 0, \"steps\": 2.5}", "steps: "), ("{\"model\": 0, \"start\": 1000}", "start: "),
      ("{\"model\": 0, \"start\": 5, \"init\": \"x\"}", "init: "), ("{\"model\": 0, \"seeds\": \"0-64\"}", "seeds: "),
      ("{\"model\": 0, \"seeds\": \"1,1\"}", "seeds: "), ("{\"model\": 0, \"seeds\": 3}", "seeds: "),
      ("{\"model\": 0, \"class\": \"-\"}", "class: "), ("{\"model\": 0, \"guidance\": \"much\"}", "guidance: "),
      ("{\"world\": {}}", "world: "), ("{\"world\": {\"share\": 1}}", "share: "),
      ("{\"world\": {\"share\": NaN}}", "share: "),
    ])
  func faults(text: String, start: String) async throws {
    let models = [try await makeServedModel()]
    let refusal = try #require(throws: Refusal.self) { try JobRequest(json(text), of: models) }
    #expect(refusal.kind == .bad && refusal.message.hasPrefix(start) && !refusal.message.contains("\n"))
  }

  @Test("Slots and texts have a longest length, and a sampler a name")
  func lengths() async throws {
    let models = [try await makeServedModel()], long = String(repeating: "x", count: 201)
    #expect(throws: Refusal.self) { try JobRequest(json("{\"model\": 0, \"slot\": \"\(long)\"}"), of: models) }
    #expect(throws: SamplerError.self) { try JobRequest(json("{\"model\": 0, \"sampler\": \"best\"}"), of: models) }
  }
}
