import DiffusersFormat
import Files
import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Released networks of guided-diffusion are recognised by their shapes")
struct ReleasedNetworkTests {
  /// Names and shapes of a network, whose values are all the same number.
  private struct Shapes {
    var tensors: [RenamedTensors.Tensor] = []
    let number: TensorEntry

    mutating func add(_ name: String, _ shape: [Int]) {
      tensors.append((name, number.view(shape, walking: shape.map { ($0, 0) }), name))
    }

    mutating func layer(_ name: String, _ shape: [Int]) {
      add("\(name).weight", shape)
      add("\(name).bias", [shape[0]])
    }

    mutating func block(_ name: String, _ inputs: Int, _ outputs: Int, _ times: Int) {
      layer("\(name).in_layers.0", [inputs])
      layer("\(name).in_layers.2", [outputs, inputs, 3, 3])
      layer("\(name).emb_layers.1", [2 * outputs, times])
      layer("\(name).out_layers.0", [outputs])
      layer("\(name).out_layers.3", [outputs, outputs, 3, 3])
      if inputs != outputs { layer("\(name).skip_connection", [outputs, inputs, 1, 1]) }
    }

    mutating func attention(_ name: String, _ channels: Int) {
      layer("\(name).norm", [channels])
      layer("\(name).qkv", [3 * channels, channels, 1])
      layer("\(name).proj_out", [channels, channels, 1])
    }

    /// A network of guided-diffusion that changes the size in blocks.
    mutating func network(width: Int, _ channels: [Int], layers: Int, attends: [Bool], classes: Int?) {
      let times = 4 * width
      layer("time_embed.0", [times, width])
      layer("time_embed.2", [times, times])
      if let classes { add("label_emb.weight", [classes, times]) }
      layer("input_blocks.0.0", [channels[0], 3, 3, 3])
      var (place, h, kept) = (1, channels[0], [channels[0]])
      for (level, own) in channels.enumerated() {
        for _ in 0..<layers {
          block("input_blocks.\(place).0", h, own, times)
          if attends[level] { attention("input_blocks.\(place).1", own) }
          (place, h, kept) = (place + 1, own, kept + [own])
        }
        guard level < channels.count - 1 else { continue }
        block("input_blocks.\(place).0", h, h, times)
        (place, kept) = (place + 1, kept + [h])
      }
      block("middle_block.0", h, h, times)
      attention("middle_block.1", h)
      block("middle_block.2", h, h, times)
      place = 0
      for (level, own) in channels.enumerated().reversed() {
        for layer in 0...layers {
          block("output_blocks.\(place).0", h + kept.removeLast(), own, times)
          h = own
          if attends[level] { attention("output_blocks.\(place).1", own) }
          if level > 0, layer == layers { block("output_blocks.\(place).\(attends[level] ? 2 : 1)", h, h, times) }
          place += 1
        }
      }
      layer("out.0", [h])
      layer("out.2", [6, h, 3, 3])
    }
  }

  private func checkpoint(
    width: Int, _ channels: [Int], layers: Int, attends: [Bool], classes: Int? = nil,
    _ options: CheckpointOptions = .init()
  ) throws -> Checkpoint {
    let folder = try TemporaryFolder()
    var writer = SafetensorsWriter()
    writer.add("number", shape: [1], values: [0.25])
    try OutputFile.write(writer.encoded(), to: folder.path("number.safetensors"))
    let file = try SafetensorsFile(folder.path("number.safetensors"))
    var shapes = Shapes(number: try #require(file.entries["number"]))
    shapes.network(width: width, channels, layers: layers, attends: attends, classes: classes)
    return try Checkpoint(RenamedTensors(file, shapes.tensors), nil, options)
  }

  @Test("256x256_diffusion_uncond and those of LSUN, which have the same answers")
  func unconditional() throws {
    let found = try checkpoint(
      width: 256, [256, 256, 512, 512, 1024, 1024], layers: 2, attends: [false, false, false, true, true, true])
    // As its authors count.
    #expect(found.configuration.parameterCount == 552_814_086)
    #expect(found.configuration.headWidth == 64 && found.configuration.levelHeadWidths == nil)
    #expect(found.configuration.isKnownToDiffusers && found.configuration.sampleSize == .init(height: 256, width: 256))
    #expect(found.configuration.downBlocks == [.resnet, .resnet, .resnet, .attention, .attention, .attention])
    #expect(
      found.assumptions == [
        "as in 256x256_diffusion_uncond, lsun_bedroom, lsun_cat, lsun_horse: attention heads of 64 channels, one after the other, "
          + "1000 steps of a linear schedule"
      ])
  }

  @Test("128x128_diffusion has as many heads at every width, 512x512_diffusion a first level narrower than its times")
  func options() throws {
    let small = try checkpoint(
      width: 256, [256, 256, 512, 768, 1024], layers: 2, attends: [false, false, true, true, true], classes: 1000)
    #expect(small.configuration.levelHeadWidths == [64, 64, 128, 192, 256] && !small.configuration.isKnownToDiffusers)
    #expect(
      small.configuration.classCount == 1000 && small.scheduler.values["variance_type"] == .string("learned_range"))
    let large = try checkpoint(
      width: 256, [128, 256, 256, 512, 512, 1024, 1024], layers: 2,
      attends: [false, false, false, false, true, true, true], classes: 1000)
    #expect(large.configuration.timeProjectionWidth == 256 && large.configuration.embeddingWidth == 1024)
    #expect(large.configuration.blockChannels[0] == 128 && large.configuration.headWidth == 64)
  }

  @Test("A preset that does not fit is refused with those that do")
  func presets() throws {
    var options = CheckpointOptions()
    options.preset = "ffhq_10m"
    let error = #expect(throws: FileError.self) {
      try checkpoint(
        width: 192, [192, 384, 576, 768], layers: 3, attends: [false, true, true, true], classes: 1000, options)
    }
    #expect(
      error?.fault.hasPrefix("is no network of preset 'ffhq_10m'; the presets that fit are 64x64_diffusion; otherwise")
        == true)
    options.preset = "64x64_diffusion"
    let found = try checkpoint(
      width: 192, [192, 384, 576, 768], layers: 3, attends: [false, true, true, true], classes: 1000, options)
    #expect(found.scheduler.values["beta_schedule"] == .string("squaredcos_cap_v2"))
  }
}
