import DiffusersFormat
import Files
import Foundation
import Networks
import TestSupport
import Testing

@Suite("Each fault of a model is one line that names the file")
struct MalformedModelTests {
  /// The message of a stored model after something was done to it.
  private func fault(
    writing: Bool = true, _ change: (inout RewrittenModel, TemporaryFolder) throws -> Void
  ) throws -> FileError {
    var model = try RewrittenModel(folder: UNetCase.stored[0])
    let temporary = try TemporaryFolder()
    if writing { try model.write(to: temporary.path("unet")) }
    try change(&model, temporary)
    if writing { try model.write(to: temporary.path("unet")) }
    let error = try #require(throws: FileError.self) { try ModelDirectory(temporary.path("")).unet() }
    #expect(!error.description.contains("\n"))
    #expect(error.path.hasPrefix(temporary.path("")))
    return error
  }

  @Test("A tensor that is missing, misshapen, not finite, of whole numbers or there twice")
  func tensors() throws {
    let weights = "unet/diffusion_pytorch_model.safetensors"
    let missing = try fault { model, _ in model.tensors.removeAll { $0.name == "conv_out.bias" } }
    #expect(missing.path.hasSuffix(weights))
    #expect(missing.fault == "tensor 'conv_out.bias' is missing")

    let misshapen = try fault { model, _ in
      let index = try #require(model.tensors.firstIndex { $0.name == "conv_in.weight" })
      model.tensors[index].shape = [16, 9]
    }
    #expect(misshapen.fault == "tensor 'conv_in.weight' has shape [16, 9]; the configuration demands [16, 1, 3, 3]")

    for value in [Float.nan, .infinity, -.infinity] {
      let infinite = try fault { model, _ in model.tensors[5].values[0] = value }
      #expect(infinite.fault.hasSuffix("holds \(value)"))
    }

    let twice = try fault { model, _ in
      let old = try #require(model.tensors.first { $0.name == "mid_block.attentions.0.to_q.bias" })
      model.tensors.append(.init(name: "mid_block.attentions.0.query.bias", shape: old.shape, values: old.values))
    }
    #expect(twice.fault.contains("is there twice"))
  }

  @Test("Tensors of whole numbers are not read as weights")
  func wholeNumbers() throws {
    let header = #"{"conv_in.weight":{"dtype":"I32","shape":[16,1,3,3],"data_offsets":[0,576]}}"#
    let error = try fault(writing: false) { model, folder in
      try model.write(to: folder.path("unet"))
      let bytes = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init)
      try OutputFile.write(
        bytes + Array(header.utf8) + [UInt8](repeating: 0, count: 576),
        to: folder.path("unet/diffusion_pytorch_model.safetensors"))
    }
    #expect(error.fault == "tensor 'conv_in.weight' has dtype I32; F32, F16 and BF16 are read")
  }

  @Test("Shards that are lost, or that lack what the index promises")
  func shards() throws {
    let lost = try fault(writing: false) { model, folder in
      try model.write(to: folder.path("unet"), shards: 2)
      try FileManager.default.removeItem(
        atPath: folder.path("unet/diffusion_pytorch_model-00002-of-00002.safetensors"))
    }
    #expect(lost.fault == "shard 'diffusion_pytorch_model-00002-of-00002.safetensors' is not beside it")

    let lying = try fault(writing: false) { model, folder in
      try model.write(to: folder.path("unet"), shards: 2)
      let name = folder.path("unet/diffusion_pytorch_model.safetensors.index.json")
      let text = try String(contentsOfFile: name, encoding: .utf8)
      try OutputFile.write(text.replacingOccurrences(of: "conv_in.bias", with: "conv_in.other").utf8, to: name)
    }
    #expect(lying.fault.contains("tensor 'conv_in.other' is not in shard"))
  }

  @Test("A weight file that is cut short")
  func truncated() throws {
    let error = try fault(writing: false) { model, folder in
      try model.write(to: folder.path("unet"))
      let name = folder.path("unet/diffusion_pytorch_model.safetensors")
      let bytes = try Data(contentsOf: URL(fileURLWithPath: name))
      try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: name))
    }
    #expect(error.fault.contains("is cut short"))
  }

  @Test("Directories without a network, or with pickles only, say what is needed")
  func directories() throws {
    let empty = try fault(writing: false) { _, _ in }
    #expect(empty.fault == "holds no network: neither unet/config.json nor config.json is there")

    let bare = try fault(writing: false) { model, folder in
      try model.write(to: folder.path("unet"))
      try FileManager.default.removeItem(atPath: folder.path("unet/diffusion_pytorch_model.safetensors"))
    }
    #expect(bare.fault.hasPrefix("has no weights; diffusion_pytorch_model.safetensors"))

    let pickled = try fault(writing: false) { model, folder in
      try model.write(to: folder.path("unet"))
      try FileManager.default.removeItem(atPath: folder.path("unet/diffusion_pytorch_model.safetensors"))
      try FileManager.default.copyItem(
        atPath: Fixtures.path("checkpoints/hostile/archive-value.pt"),
        toPath: folder.path("unet/diffusion_pytorch_model.bin"))
    }
    #expect(pickled.fault.hasPrefix("calls os.system, which no state of a network needs"))

    let absent = #expect(throws: FileError.self) { try ModelDirectory("/no/such/model") }
    #expect(absent?.description == "/no/such/model: there is no such model directory")

    let file = #expect(throws: FileError.self) { try ModelDirectory("\(UNetCase.stored[0])/sample.npy") }
    #expect(file?.fault == "is neither a model directory nor a file of weights, of safetensors or PyTorch")
  }

  @Test("A configuration that is no JSON, or names another class")
  func configurationFiles() throws {
    let text = try fault(writing: false) { model, folder in
      try model.write(to: folder.path("unet"))
      try OutputFile.write("{\"in_channels\": 1,".utf8, to: folder.path("unet/config.json"))
    }
    #expect(text.path.hasSuffix("unet/config.json"))

    let other = try fault { model, _ in
      model.configuration = .object(["_class_name": .string("UNet2DConditionModel")])
    }
    #expect(other.fault == "_class_name: 'UNet2DConditionModel' is not supported; UNet2DModel is")
  }
}
