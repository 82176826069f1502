import Files
import Foundation
import TestSupport
import Testing

@Suite("PyTorch's files are read bit for bit (Fixtures/make_checkpoint_cases.py)")
struct TorchFileTests {
  private func path(_ name: String) -> String { Fixtures.path("checkpoints/\(name)") }

  /// That tensors are those of a safetensors file: the same names, forms and bits.
  private func check(_ state: StateDictionary, are expected: String, _ name: String) throws {
    let wanted = try SafetensorsFile(path(expected))
    #expect(Set(state.names) == Set(wanted.entries.keys), "\(name)")
    for (tensor, entry) in wanted.entries {
      let own = try #require(state.entries[tensor], "\(name): \(tensor)")
      #expect(own.type == entry.type && own.shape == entry.shape, "\(name): \(tensor)")
      #expect(state.words(own) == wanted.words(entry), "\(name): \(tensor)")
      guard entry.type.isFloatingPoint else {
        #expect(state.integers(own) == wanted.integers(entry), "\(name): \(tensor)")
        continue
      }
      let (left, right) = (state.floats(own), wanted.floats(entry))
      #expect(left.map(\.bitPattern) == right.map(\.bitPattern), "\(name): \(tensor)")
      #expect(state.doubles(own).map(\.bitPattern) == wanted.doubles(entry).map(\.bitPattern), "\(name): \(tensor)")
    }
  }

  @Test(
    "A state dictionary of every container, protocol and byte order",
    arguments: [
      "archive.pt", "legacy.pt", "big-endian.pt", "python2.pt", "protocol3.pt", "protocol4.pt", "protocol5.pt",
      "no-checksums.pt",
    ])
  func states(name: String) throws {
    let file = try TorchFile(path(name))
    #expect(file.container == (name == "legacy.pt" ? .legacy : .archive))
    let state = try file.state(file.root, name: "the file")
    try check(state, are: "values.safetensors", name)
    #expect(state.names.first == "0.weight" && state.names.last == "half-transposed")
    #expect(state.parameters.isEmpty)
    // Views share the bytes of their storage.
    let base = try #require(state.entries["base"]), rows = try #require(state.entries["rows"])
    #expect(base.range.count == 96 && rows.range == base.range.lowerBound + 24..<base.range.lowerBound + 72)
    #expect(rows.strides == nil && state.entries["transposed"]?.strides == [1, 6])
    #expect(state.entries["repeated"]?.range.count == 24 && state.entries["repeated"]?.strides == [0, 1])
  }

  @Test("Parameters are told from buffers, and a view of a storage from all of it")
  func others() throws {
    let file = try TorchFile(path("parameters.pt")), state = try file.state(file.root, name: "the file")
    #expect(state.parameters == Set(state.names) && state.names.contains("transposed"))
    let values = try SafetensorsFile(path("values.safetensors"))
    for (name, entry) in state.entries {
      #expect(try state.words(entry) == values.words(#require(values.entries[name])), "\(name)")
    }
    let legacy = try TorchFile(path("legacy-view.pt"))
    try check(legacy.state(legacy.root, name: "the file"), are: "legacy-view.safetensors", "legacy-view.pt")
  }

  /// The parameters and buffers of a module's modules, by their names.
  private func members(
    of module: PickleValue, _ prefix: String = ""
  ) throws -> [(name: String, value: PickleValue)] {
    let tables = ["_parameters", "_buffers"].flatMap { module[$0]?.members ?? [] }
    let own = tables.filter { !$0.value.isNone }.map { (name: prefix + $0.name, value: $0.value) }
    let modules = try #require(module["_modules"]?.members)
    return try own + modules.filter { !$0.value.isNone }.flatMap { try members(of: $0.value, "\(prefix)\($0.name).") }
  }

  @Test(
    "A pickle that brings its class along is read at every protocol, and the text of the class is nothing but text",
    arguments: 2...5)
  func persistent(version: Int) throws {
    let file = try TorchFile(path("persistent\(version).pkl"))
    #expect(file.container == .pickle)
    let network = try #require(file.root["ema"])
    #expect(network.className == "Network")
    let state = try file.tensors(members(of: network))
    try check(state, are: "persistent.safetensors", "persistent\(version).pkl")
    #expect(state.parameters.contains("gain") && !state.parameters.contains("model.8x8_in0.filter"))
    let arguments = try #require(network["_init_kwargs"])
    #expect(arguments["img_resolution"]?.integer == 8 && arguments["use_fp16"]?.boolean == false)
    #expect(arguments["channel_mult"]?.elements?.map(\.integer) == [1, 2])
    #expect(arguments["sigma_data"]?.number == 0.5 && arguments["model_type"]?.text == "SongUNet")
    #expect(file.root["loss_fn"]?.isNone == true && file.root["dataset_kwargs"]?["resolution"]?.integer == 8)
    #expect(file.root["seed"]?.kind == "a number" && file.root["step"]?.integer == -5)
    let block = try #require(network["_modules"]?["model"]?["_modules"]?["8x8_in0"])
    #expect(block["scale"]?.number == 0.5.squareRoot())
  }

  @Test("A module that torch.save took as it was is one in an archive")
  func module() throws {
    let file = try TorchFile(path("persistent.pt")), network = try #require(file.root["net"])
    try check(file.tensors(members(of: network)), are: "persistent.safetensors", "persistent.pt")
    #expect(file.root["step"]?.integer == 7)
  }

  @Test(
    "A whole checkpoint is looked through, its plain values left out",
    arguments: ["score-sde.pth", "score-sde-legacy.pth"])
  func checkpoint(name: String) throws {
    let file = try TorchFile(path(name))
    let model = try file.state(#require(file.root["model"]), name: "model")
    #expect(model.names.first == "module.sigmas" && model.entries["module.sigmas"]?.type == .float64)
    let averages = try #require(file.root["ema"]?["shadow_params"]?.elements)
    #expect(averages.compactMap(\.tensor?.shape) == [[4, 6], [4], [2, 1, 3, 3]])
    #expect(file.root["ema"]?["decay"]?.number == 0.9999 && file.root["optimizer"]?["state"]?.members?.isEmpty == true)
    let error = #expect(throws: FileError.self) { try file.state(file.root, name: "the file") }
    #expect(error?.fault == "the file has no tensors")
  }

  @Test("What a file of PyTorch holds is listed, each tensor once")
  func listing() throws {
    for name in ["archive.pt", "legacy.pt", "protocol4.pt"] {
      let listing = try TensorListing(path(name)), expected = try SafetensorsFile(path("values.safetensors"))
      #expect(listing.fault == nil && Set(listing.tensors.map(\.name)) == Set(expected.entries.keys), "\(name)")
      for tensor in listing.tensors {
        #expect(
          tensor.shape == expected.entries[tensor.name]?.shape && tensor.type == expected.entries[tensor.name]?.type)
      }
      #expect(listing.globals.allSatisfy { $0.isKnown && $0.inertCalls == 0 })
      #expect(listing.globals.contains { $0.name == "torch._utils._rebuild_tensor_v2" })
    }
    let network = try TensorListing(path("persistent4.pkl"))
    #expect(
      network.tensors.map(\.name).sorted()
        == [
          "gain", "model.8x8_in0.filter", "model.8x8_in0.weight", "model.enc.8x8_conv.filter",
          "model.enc.8x8_conv.weight",
        ].map { "ema.\($0)" })
    #expect(network.globals.filter { !$0.isKnown }.map(\.name) == ["torch.nn.modules.container.ModuleDict"])
    let plain = try TensorListing(path("values.safetensors"))
    #expect(plain.kind == "safetensors" && plain.tensors.first?.name == "0.weight" && plain.globals.isEmpty)
    let arrays = try TensorListing(Fixtures.path("foreign/deflated.npz"))
    #expect(arrays.tensors.map(\.name) == ["arr_0", "labels"] && arrays.tensors[0].shape == [2, 2, 2, 3])
    // Its header's length begins as a pickle of protocol 2 does.
    let all = Fixtures.path("foreign/all.safetensors")
    #expect(try fileBytes(all).starts(with: [0x80, 2]) && TensorListing(all).kind == "safetensors")
    #expect(throws: FileError.self) { try TensorListing(Fixtures.path("make_checkpoint_cases.py")) }
  }

  @Test("Tensors are opened by what a file holds, not by its name")
  func opening() throws {
    for name in ["checkpoints/values.safetensors", "checkpoints/archive.pt", "checkpoints/legacy.pt"] {
      let file = try openTensors(Fixtures.path(name)), entry = try #require(file.entries["base"])
      #expect(file.path.hasSuffix(name) && entry.shape == [4, 6] && file.floats(entry).count == 24)
    }
    #expect(try openTensors(Fixtures.path("foreign/all.safetensors")).entries["f64"]?.type == .float64)
    for name in ["foreign/stored.npz", "checkpoints/score-sde.pth", "checkpoints/hostile/archive-value.pt"] {
      #expect(throws: FileError.self) { try openTensors(Fixtures.path(name)) }
    }
  }
}
