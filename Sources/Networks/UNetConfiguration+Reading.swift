import Compute
public import Files
import Tensors

extension UNetConfiguration {
  /// Reads the `config.json` of a model.
  ///
  /// Missing keys take their defaults, keys of releases before the first are understood, names that begin with an
  /// underscore are metadata, and unknown names end up in ``warnings``.
  ///
  /// - Parameters:
  ///   - json: The document.
  ///   - path: What messages call it.
  /// - Throws: ``FileError`` that names the key, its value and what is legal.
  public init(_ json: JSONValue, path: String) throws(FileError) {
    var fields = try ConfigurationFields(json, path: path)
    try fields.checkClass()
    self.init()
    sampleSize = try fields.imageSize("sample_size")
    inputChannels = try fields.count("in_channels") ?? inputChannels
    outputChannels = try fields.count("out_channels") ?? outputChannels
    centersInput = try fields.bool("center_input_sample") ?? centersInput
    timeEmbedding = try fields.choice("time_embedding_type") ?? timeEmbedding
    timeEmbeddingWidth = try fields.count("time_embedding_dim", zeroIsNil: true)
    frequencyShift = try fields.number("freq_shift") ?? frequencyShift
    putsCosinesFirst = try fields.bool("flip_sin_to_cos") ?? putsCosinesFirst
    downBlocks = try fields.blocks("down_block_types", \.names.down) ?? downBlocks
    hasMiddleBlock = try fields.middleBlock("mid_block_type") ?? hasMiddleBlock
    upBlocks = try fields.blocks("up_block_types", \.names.up) ?? upBlocks
    blockChannels = try fields.counts("block_out_channels") ?? blockChannels
    layersPerBlock = try fields.count("layers_per_block") ?? layersPerBlock
    middleScaleFactor = try fields.number("mid_block_scale_factor") ?? middleScaleFactor
    downsamplePadding = try fields.padding("downsample_padding") ?? downsamplePadding
    downsampling = try fields.choice("downsample_type") ?? downsampling
    upsampling = try fields.choice("upsample_type") ?? upsampling
    dropout = try fields.number("dropout") ?? dropout
    activation = try fields.activation("act_fn") ?? activation
    headWidth = fields.takeNull("attention_head_dim") ? nil : try fields.count("attention_head_dim") ?? headWidth
    if fields.takeNull("norm_num_groups") {
      throw fields.fault("norm_num_groups", "is null, as in networks of Skip blocks, which are not supported yet")
    }
    normalizationGroups = try fields.count("norm_num_groups") ?? normalizationGroups
    attentionGroups = try fields.count("attn_norm_num_groups")
    epsilon = try fields.number("norm_eps") ?? epsilon
    timeConditioning = try fields.choice("resnet_time_scale_shift") ?? timeConditioning
    hasMiddleAttention = try fields.bool("add_attention") ?? hasMiddleAttention
    classCount = try fields.count("num_class_embeds")
    classEmbedding = try fields.classEmbedding("class_embed_type", hasTable: classCount != nil)
    trainingTimesteps = try fields.count("num_train_timesteps")
    warnings = fields.unreadWarnings
    try validate(path: path)
  }

  /// Checks what concerns several keys together, then that the network can be built.
  ///
  /// - Throws: ``FileError`` that names the key, its value and what is legal.
  public func validate(path: String) throws(FileError) {
    func check(_ isRight: Bool, _ fault: @autoclosure () -> String) throws(FileError) {
      guard isRight else { throw FileError(path, fault()) }
    }
    let levels = blockChannels.count
    try check((1...16).contains(levels), "block_out_channels: \(levels) levels; 1 to 16 are legal")
    try check(
      downBlocks.count == levels,
      "down_block_types: \(downBlocks.count) blocks for \(levels) block_out_channels; one each is needed")
    try check(
      upBlocks.count == levels,
      "up_block_types: \(upBlocks.count) blocks for \(levels) block_out_channels; one each is needed")
    try check(layersPerBlock <= 64, "layers_per_block: \(layersPerBlock); 1 to 64 are legal")
    try check(
      middleScaleFactor != 0 && middleScaleFactor.isFinite,
      "mid_block_scale_factor: \(middleScaleFactor) is no divisor")
    try check(epsilon >= 0 && epsilon.isFinite, "norm_eps: \(epsilon); a small positive number is needed")
    try check(
      timeEmbedding != .learned || trainingTimesteps != nil,
      "num_train_timesteps: a learned time embedding needs the number of its rows")
    try check(
      timeEmbedding != .positional || Double(blockChannels[0] / 2) != frequencyShift,
      "freq_shift: \(frequencyShift) is half of the \(blockChannels[0]) channels of the first level; less is needed")
    _ = try UNet(self, parameters: ZeroParameters(configurationPath: path))
  }
}

/// The keys of a configuration, taken out one by one; what is left over was not understood.
private struct ConfigurationFields {
  let path: String
  private var members: [String: JSONValue]

  /// What keys were called before diffusers' first release.
  static let formerNames = [
    "sample_size": "image_size", "layers_per_block": "num_res_blocks", "block_out_channels": "block_channels",
    "down_block_types": "down_blocks", "up_block_types": "up_blocks", "freq_shift": "downscale_freq_shift",
    "norm_num_groups": "resnet_num_groups", "act_fn": "resnet_act_fn", "norm_eps": "resnet_eps",
    "attention_head_dim": "num_head_channels",
  ]
  /// The largest number that a count may have; it keeps products of three within `Int`.
  static let largestCount = 1 << 20

  init(_ json: JSONValue, path: String) throws(FileError) {
    guard let members = json.object else { throw FileError(path, "is no JSON object of names and values") }
    self.path = path
    self.members = members
    for case .string(let name) in members["_use_default_values"]?.array ?? [] { self.members[name] = nil }
    for (name, former) in Self.formerNames {
      guard let value = self.members.removeValue(forKey: former), self.members[name] == nil else { continue }
      self.members[name] = value
    }
  }

  func checkClass() throws(FileError) {
    guard let name = members["_class_name"]?.string else { return }
    let legal = ["UNet2DModel", "UNetUnconditionalModel", "UNetModel"]
    guard legal.contains(name) else {
      throw fault("_class_name", "'\(name)' is not supported; UNet2DModel is")
    }
  }

  var unreadWarnings: [String] {
    members.keys.filter { !$0.hasPrefix("_") }.sorted().map { "\(path): \($0): unknown, ignored" }
  }

  func fault(_ name: String, _ text: String) -> FileError { FileError(path, "\(name): \(text)") }

  /// Takes a value out; null counts as missing.
  private mutating func take(_ name: String) -> JSONValue? {
    members.removeValue(forKey: name).flatMap { $0 == .null ? nil : $0 }
  }

  /// Takes a value out if it is null where that differs from a missing one.
  mutating func takeNull(_ name: String) -> Bool {
    guard members[name] == .null else { return false }
    members[name] = nil
    return true
  }

  mutating func bool(_ name: String) throws(FileError) -> Bool? {
    guard let value = take(name) else { return nil }
    guard let bool = value.bool else { throw fault(name, "\(value.short) is neither true nor false") }
    return bool
  }

  mutating func number(_ name: String) throws(FileError) -> Double? {
    guard let value = take(name) else { return nil }
    guard let number = value.double, number.isFinite else { throw fault(name, "\(value.short) is no finite number") }
    return number
  }

  private func count(_ name: String, of value: JSONValue) throws(FileError) -> Int {
    guard let count = value.int, (1...Self.largestCount).contains(count) else {
      throw fault(name, "\(value.short) is no whole number from 1 to \(Self.largestCount)")
    }
    return count
  }

  mutating func count(_ name: String, zeroIsNil: Bool = false) throws(FileError) -> Int? {
    guard let value = take(name), !(zeroIsNil && value.int == 0) else { return nil }
    return try count(name, of: value)
  }

  mutating func padding(_ name: String) throws(FileError) -> Int? {
    guard let value = take(name) else { return nil }
    guard let padding = value.int, padding == 0 || padding == 1 else {
      throw fault(name, "\(value.short); 0 and 1 are legal")
    }
    return padding
  }

  mutating func counts(_ name: String) throws(FileError) -> [Int]? {
    guard let value = take(name) else { return nil }
    guard let elements = value.array, !elements.isEmpty else {
      throw fault(name, "\(value.short) is no list of whole numbers")
    }
    var counts: [Int] = []
    for element in elements { counts.append(try count(name, of: element)) }
    return counts
  }

  mutating func imageSize(_ name: String) throws(FileError) -> ImageSize? {
    guard let value = take(name) else { return nil }
    let extents = value.array ?? [value, value]
    guard extents.count == 2 else { throw fault(name, "\(value.short) is neither a number nor [height, width]") }
    return .init(height: try count(name, of: extents[0]), width: try count(name, of: extents[1]))
  }

  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String
  ) throws(FileError) -> Choice? {
    guard let value = take(name) else { return nil }
    guard let choice = value.string.flatMap(Choice.init(rawValue:)) else {
      let legal = Choice.allCases.map(\.rawValue).joined(separator: ", ")
      throw fault(name, "\(value.short) is not supported; legal are \(legal)")
    }
    return choice
  }

  mutating func activation(_ name: String) throws(FileError) -> Nonlinearity? {
    guard let value = take(name) else { return nil }
    let functions: [String: Nonlinearity] = [
      "silu": .silu, "swish": .silu, "mish": .mish, "gelu": .gelu, "relu": .relu,
    ]
    guard let function = value.string.flatMap({ functions[$0.lowercased()] }) else {
      throw fault(name, "\(value.short) is no known function; legal are silu, swish, mish, gelu, relu")
    }
    return function
  }

  mutating func blocks(
    _ name: String, _ blockName: (UNetConfiguration.Block) -> String
  ) throws(FileError) -> [UNetConfiguration.Block]? {
    guard let value = take(name) else { return nil }
    guard let elements = value.array else { throw fault(name, "\(value.short) is no list of block types") }
    let legal = UNetConfiguration.Block.allCases
    var blocks: [UNetConfiguration.Block] = []
    for element in elements {
      let full = element.string ?? element.short
      let text = full.hasPrefix("UNetRes") ? String(full.dropFirst(7)) : full
      guard let block = legal.first(where: { blockName($0) == text }) else {
        let kind = text.contains("Skip") ? "is not supported yet (it needs a FIR filter)" : "is no known block type"
        throw fault(name, "'\(full)' \(kind); legal are \(legal.map(blockName).joined(separator: ", "))")
      }
      blocks.append(block)
    }
    return blocks
  }

  mutating func middleBlock(_ name: String) throws(FileError) -> Bool? {
    guard let value = members.removeValue(forKey: name) else { return nil }
    if value == .null { return false }
    guard value.string == "UNetMidBlock2D" else {
      throw fault(name, "\(value.short) is not supported; legal are UNetMidBlock2D and null")
    }
    return true
  }

  mutating func classEmbedding(
    _ name: String, hasTable: Bool
  ) throws(FileError) -> UNetConfiguration.ClassEmbedding {
    switch take(name) {
    case nil: return hasTable ? .table : .none
    case .string("timestep"): return .timestep
    case .string("identity"): return .identity
    case let value?:
      throw fault(name, "\(value.short) is not supported; legal are timestep, identity and null (a table)")
    }
  }
}

extension JSONValue {
  /// The value as messages quote it, on one line.
  fileprivate var short: String {
    switch self {
    case .string(let text): "'\(text.split(whereSeparator: \.isNewline).joined(separator: " "))'"
    case .array(let elements): "[\(elements.map(\.short).joined(separator: ", "))]"
    case .object: "an object"
    default: text
    }
  }
}
