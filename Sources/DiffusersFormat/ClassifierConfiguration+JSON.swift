public import Files
public import Networks
import Tensors

extension ClassifierConfiguration {
  /// The document that ``init(_:path:)`` reads.
  public var json: JSONValue {
    .object([
      "_class_name": .string("Classifier"), "in_channels": .number(Double(inputChannels)),
      "image_size": .array([.number(Double(imageSize.height)), .number(Double(imageSize.width))]),
      "block_out_channels": .array(blockChannels.map { .number(Double($0)) }),
      "layers_per_block": .number(Double(layersPerBlock)), "norm_num_groups": .number(Double(groups)),
      "dropout": .number(dropout),
      "heads": .array(
        heads.map { .object(["name": .string($0.name), "classes": .number(Double($0.classes))]) }),
    ])
  }

  /// Reads a configuration.
  ///
  /// - Throws: `FileError` naming a key that is missing or a value that is not legal.
  public init(_ json: JSONValue, path: String) throws(FileError) {
    guard json["_class_name"]?.string == "Classifier" else {
      throw FileError(path, "is no configuration of a classifier")
    }
    func count(_ value: JSONValue?, _ name: String, to largest: Int = 65_536) throws(FileError) -> Int {
      do throws(NumberFault) {
        return try (value ?? .null).wholeNumber(in: 1...largest)
      } catch {
        throw FileError(path, "\(name): \(error)")
      }
    }
    let inputChannels = try count(json["in_channels"], "in_channels")
    let size = json["image_size"]?.array ?? []
    guard size.count == 2 else { throw FileError(path, "'image_size' must be [height, width]") }
    let imageSize = ImageSize(
      height: try count(size[0], "image_size"), width: try count(size[1], "image_size"))
    var channels: [Int] = []
    for value in json["block_out_channels"]?.array ?? [] { channels.append(try count(value, "block_out_channels")) }
    guard !channels.isEmpty, channels.count <= 16 else {
      throw FileError(path, "'block_out_channels' must have 1 to 16 levels")
    }
    let layersPerBlock = try count(json["layers_per_block"], "layers_per_block", to: 64)
    let groups = try count(json["norm_num_groups"], "norm_num_groups")
    var heads: [Head] = []
    for head in json["heads"]?.array ?? [] {
      heads.append(.init(name: head["name"]?.string ?? "", classes: try count(head["classes"], "classes")))
    }
    guard !heads.isEmpty else { throw FileError(path, "'heads' must name what is classified") }
    guard Set(heads.map(\.name)).count == heads.count else {
      throw FileError(path, "heads: two have the same name; each needs one of its own")
    }
    if let fault = channels.first(where: { $0 % groups != 0 }) {
      throw FileError(path, "norm_num_groups: \(groups) groups do not divide \(fault) channels")
    }
    self.init(inputChannels: inputChannels, imageSize: imageSize, heads: heads)
    blockChannels = channels
    self.layersPerBlock = layersPerBlock
    self.groups = groups
    do throws(NumberFault) {
      dropout = try json["dropout"]?.number(in: 0...1) ?? 0
    } catch {
      throw FileError(path, "dropout: \(error)")
    }
  }
}
