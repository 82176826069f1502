import CheckpointFormats
import Files
import Foundation
import TestSupport
import Testing

@Suite("The weights of other code's checkpoints are found (Fixtures/make_checkpoint_cases.py)")
struct CheckpointWeightsTests {
  private func file(_ name: String) throws -> TorchFile { try TorchFile(Fixtures.path("checkpoints/\(name)")) }

  @Test(
    "Averages stand in the places of the parameters, in their order",
    arguments: ["score-sde.pth", "score-sde-legacy.pth"])
  func scoreSDE(name: String) throws {
    let average = try CheckpointWeights(file(name)), raw = try CheckpointWeights(file(name), .raw)
    #expect(average.family == .scoreSDE && raw.family == .scoreSDE)
    let names = ["sigmas", "all_modules.0.W", "all_modules.1.weight", "all_modules.1.bias", "all_modules.2.weight"]
    #expect(average.state.names == names && raw.state.names == names)
    for (place, tensor) in names.enumerated().dropFirst() {
      let entry = try #require(average.state.entries[tensor]), own = try #require(raw.state.entries[tensor])
      let value = Float(place - 1)
      #expect(raw.state.floats(own).allSatisfy { $0 == value } && own.shape == entry.shape)
      // What is not trained has no average.
      #expect(average.state.floats(entry).allSatisfy { $0 == (place == 1 ? value : value + 0.5) }, "\(tensor)")
    }
    let sigmas = try #require(average.state.entries["sigmas"])
    #expect(sigmas.type == .float64 && average.state.doubles(sigmas).first == 50)
  }

  @Test("A list of averages that does not fit the model is refused", arguments: ["few", "many", "turned", "no-list"])
  func misfits(name: String) throws {
    let error = #expect(throws: FileError.self) { try CheckpointWeights(file("misfit-\(name).pth")) }
    #expect(error?.fault.hasPrefix("ema.shadow_params ") == true, "\(String(describing: error))")
    _ = try CheckpointWeights(file("misfit-\(name).pth"), .raw)
  }

  @Test("A plain state is taken as it is")
  func state() throws {
    let found = try CheckpointWeights(file("archive.pt"))
    #expect(found.family == .state && found.state.names.first == "0.weight" && found.arguments == nil)
  }

  @Test(
    "An object's modules are flattened, and what it was made with is told",
    arguments: ["persistent2.pkl", "persistent4.pkl", "persistent.pt"])
  func edm(name: String) throws {
    let found = try CheckpointWeights(file(name))
    #expect(found.family == .edm && found.className == "Network")
    let expected = try SafetensorsFile(Fixtures.path("checkpoints/persistent.safetensors"))
    #expect(Set(found.state.names) == Set(expected.entries.keys))
    for (tensor, entry) in expected.entries {
      #expect(try found.state.floats(#require(found.state.entries[tensor])) == expected.floats(entry))
    }
    #expect(found.state.names.first == "gain" && found.state.names[1] == "model.enc.8x8_conv.weight")
    #expect(
      found.arguments
        == .object([
          "img_resolution": .number(8), "channel_mult": .array([.number(1), .number(2)]), "use_fp16": .boolean(false),
          "sigma_data": .number(0.5), "model_type": .string("SongUNet"),
        ]))
  }

  @Test("What is no network says what it is")
  func others() throws {
    for (name, fault) in [
      ("hostile/system.pkl", "calls os.system"), ("optimizer.pt", "is the state of an optimizer"),
      ("nothing.pt", "keeps its weights in no known way: it is a dictionary of epoch, loss, not of tensors"),
      ("hostile/new-object.pkl", "is an object of subprocess.Popen"), ("held-twice.pkl", "is held twice"),
    ] {
      let error = #expect(throws: FileError.self) { try CheckpointWeights(file(name)) }
      #expect(error?.fault.contains(fault) == true, "\(name): \(String(describing: error))")
    }
  }
}
