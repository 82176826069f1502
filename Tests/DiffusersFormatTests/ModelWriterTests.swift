import DiffusersFormat
import Files
import Foundation
import Networks
import TestSupport
import Testing

@Suite("New models are written whole, in the form that diffusers loads")
struct ModelWriterTests {
  private let folder = Fixtures.path("unet-kinds/admnet")

  @Test("What is written loads as the same network", arguments: [1 << 40, 20_000])
  func roundTrip(limit: Int) throws {
    let test = try UNetCase(folder: folder)
    let configuration = try ModelDirectory(folder).configuration()
    let temporary = try TemporaryFolder()
    let target = temporary.path("made/here")
    try ModelWriter(shardByteLimit: limit).write(configuration, parameters: InitialParameters(seed: 7), to: target)

    let loaded = try ModelDirectory(target).unet(), unet = loaded.network
    #expect(loaded.warnings.isEmpty)
    #expect(try UNetCase.distance(test.output(of: unet), to: test.expected) < 2e-6)
    let names = try FileManager.default.contentsOfDirectory(atPath: "\(target)/unet").sorted()
    #expect(names.contains("diffusion_pytorch_model.safetensors") == (limit > 1 << 30))
    #expect(names.contains("diffusion_pytorch_model.safetensors.index.json") == (limit < 1 << 30))
    #expect(try FileManager.default.contentsOfDirectory(atPath: target) == ["unet"])
  }

  @Test("Weights are rounded where fewer bits are asked for", arguments: [SafetensorsType.float16, .bfloat16])
  func rounding(type: SafetensorsType) throws {
    let configuration = try ModelDirectory(folder).configuration()
    let temporary = try TemporaryFolder()
    try ModelWriter(type: type).write(configuration, parameters: InitialParameters(seed: 7), to: temporary.path("m"))
    let file = try SafetensorsFile(temporary.path("m/unet/diffusion_pytorch_model.safetensors"))
    #expect(file.entries.values.allSatisfy { $0.type == type })
    #expect(file.metadata["format"] == "pt")
  }

  @Test("A network that is there already is not touched")
  func existing() throws {
    let configuration = try ModelDirectory(folder).configuration()
    let temporary = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: temporary.path("unet"), withIntermediateDirectories: false)
    let error = #expect(throws: FileError.self) {
      try ModelWriter().write(configuration, parameters: InitialParameters(seed: 7), to: temporary.path(""))
    }
    #expect(error?.fault == "is there already; name a directory without a network")
    #expect(try temporary.listing() == ["unet"])
  }
}
