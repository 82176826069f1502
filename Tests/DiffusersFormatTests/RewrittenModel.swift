import Files
import Foundation
import TestSupport

/// The tensors of a stored network, to be written again in other forms.
struct RewrittenModel {
  struct Tensor {
    var name: String
    var shape: [Int]
    var values: [Float]
  }

  /// How names and shapes of attention are written.
  enum NameStyle: CaseIterable {
    /// As diffusers does now.
    case current
    /// As its first releases did: `query`, `key`, `value`, `proj_attn`.
    case former
    /// The same as 1x1 convolutions of one dimension, `[out, in, 1]`.
    case formerConvolutions1D
    /// The same as 1x1 convolutions of two dimensions, `[out, in, 1, 1]`.
    case formerConvolutions2D
    /// With the names of levels before the first release.
    case preRelease
  }

  var configuration: JSONValue
  var tensors: [Tensor]

  init(folder: String) throws {
    configuration = try JSONValue(contentsOf: "\(folder)/unet/config.json")
    let file = try SafetensorsFile("\(folder)/unet/diffusion_pytorch_model.safetensors")
    tensors = file.entries.sorted { $0.key < $1.key }.map { name, entry in
      var values = [Float](repeating: 0, count: entry.count)
      values.withUnsafeMutableBufferPointer { file.readFloats(entry, into: $0) }
      return Tensor(name: name, shape: entry.shape, values: values)
    }
  }

  /// The same values rounded to fewer bits.
  func rounded(to type: SafetensorsType) -> Self {
    var result = self
    for index in tensors.indices {
      result.tensors[index].values = tensors[index].values.map { value in
        switch type {
        case .float16: Float(half: value.halfBits)
        case .bfloat16: Float(bitPattern: UInt32(value.brainBits) << 16)
        default: value
        }
      }
    }
    return result
  }

  /// The same values under other names.
  func renamed(_ style: NameStyle) -> Self {
    var result = self
    guard style != .current else { return result }
    let names = ["to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"]
    let levels = ["mid_block.": "mid.", "down_blocks.": "downsample_blocks.", "up_blocks.": "upsample_blocks."]
    for index in tensors.indices {
      var tensor = tensors[index]
      for (current, former) in names where tensor.name.contains(".\(current).") {
        tensor.name = tensor.name.replacingOccurrences(of: ".\(current).", with: ".\(former).")
        if tensor.shape.count == 2 {
          if style == .formerConvolutions1D { tensor.shape += [1] }
          if style == .formerConvolutions2D { tensor.shape += [1, 1] }
        }
      }
      for (current, former) in levels where style == .preRelease && tensor.name.hasPrefix(current) {
        tensor.name = former + tensor.name.dropFirst(current.count)
      }
      result.tensors[index] = tensor
    }
    return result
  }

  /// Writes `config.json` and the weights into a folder.
  ///
  /// - Parameters:
  ///   - variant: What stands before the extension, such as `fp16`.
  ///   - shards: How many files share the tensors; more than one makes an index.
  ///   - isPickled: Whether PyTorch's files are written in place of safetensors.
  func write(
    to folder: String, as type: SafetensorsType = .float32, variant: String? = nil, shards: Int = 1,
    isPickled: Bool = false
  ) throws {
    let form = isPickled ? "bin" : "safetensors"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try OutputFile.write(configuration.text.utf8, to: "\(folder)/config.json")
    let suffix = variant.map { ".\($0)" } ?? ""
    var places: [String: JSONValue] = [:]
    for shard in 0..<shards {
      let number = shards == 1 ? "" : "-0000\(shard + 1)-of-0000\(shards)"
      let name = "diffusion_pytorch_model\(suffix)\(number).\(form)"
      var writer = SafetensorsWriter()
      for tensor in tensors.enumerated().filter({ $0.offset % shards == shard }).map(\.element) {
        writer.add(tensor.name, shape: tensor.shape, values: tensor.values, as: type)
        places[tensor.name] = .string(name)
      }
      try OutputFile.write(writer.encoded(), to: "\(folder)/\(name)")
      if isPickled { try TorchArchive.write(SafetensorsFile("\(folder)/\(name)"), to: "\(folder)/\(name)") }
    }
    guard shards > 1 else { return }
    let index = JSONValue.object(["metadata": .object([:]), "weight_map": .object(places)])
    try OutputFile.write(index.text.utf8, to: "\(folder)/diffusion_pytorch_model.\(form).index\(suffix).json")
  }
}
