import Compute
import Files
import Networks
import Tensors

/// The keys of a configuration, taken out one by one; what is left over was not understood.
struct ConfigurationFields {
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
  /// The most channels of a layer or an image: many times those of any network, and a filter of nine values for each pair of
  /// them is a size that can be reckoned with.
  static let largestWidth = 1 << 16
  /// The most rows or columns of an image.
  static let largestExtent = 1 << 16

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

  mutating func number(_ name: String, in range: ClosedRange<Double>) throws(FileError) -> Double? {
    guard let value = take(name) else { return nil }
    return try checked(name) { () throws(NumberFault) in try value.number(in: range) }
  }

  private func count(
    _ name: String, of value: JSONValue, to largest: Int = largestCount
  ) throws(FileError) -> Int {
    try checked(name) { () throws(NumberFault) in try value.wholeNumber(in: 1...largest) }
  }

  /// What a body reads, or a fault of the key.
  private func checked<Number>(
    _ name: String, _ body: () throws(NumberFault) -> Number
  ) throws(FileError) -> Number {
    try FileError.ofNumber(body) { fault(name, $0) }
  }

  mutating func count(
    _ name: String, to largest: Int = largestCount, zeroIsNil: Bool = false
  ) throws(FileError) -> Int? {
    guard let value = take(name), !(zeroIsNil && value.int == 0) else { return nil }
    return try count(name, of: value, to: largest)
  }

  mutating func padding(_ name: String) throws(FileError) -> Int? {
    guard let value = take(name) else { return nil }
    guard let padding = value.int, padding == 0 || padding == 1 else {
      throw fault(name, "\(value.short); 0 and 1 are legal")
    }
    return padding
  }

  mutating func counts(_ name: String, to largest: Int) throws(FileError) -> [Int]? {
    guard let value = take(name) else { return nil }
    guard let elements = value.array, !elements.isEmpty else {
      throw fault(name, "\(value.short) is no list of whole numbers")
    }
    var counts: [Int] = []
    for element in elements { counts.append(try count(name, of: element, to: largest)) }
    return counts
  }

  /// Counts where there is a list of them; a single one is left there.
  mutating func list(_ name: String) throws(FileError) -> [Int]? {
    guard members[name]?.array != nil else { return nil }
    return try counts(name, to: Self.largestCount)
  }

  /// By what times are multiplied, where the time embedding is the one that does so.
  mutating func timeScale() throws(FileError) -> Double? {
    let name = "time_embedding_type"
    guard members[name]?.string == UNetConfiguration.scaledPositional else { return nil }
    members[name] = nil
    guard let scale = try number("time_scale", in: 1e-6...1e6) else {
      throw fault("time_scale", "is missing; a time embedding of scaled_positional needs it")
    }
    return scale
  }

  mutating func imageSize(_ name: String) throws(FileError) -> ImageSize? {
    guard let value = take(name) else { return nil }
    let extents = value.array ?? [value, value]
    guard extents.count == 2 else { throw fault(name, "\(value.short) is neither a number nor [height, width]") }
    return .init(
      height: try count(name, of: extents[0], to: Self.largestExtent),
      width: try count(name, of: extents[1], to: Self.largestExtent))
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

  /// The names of a list of blocks.
  mutating func texts(_ name: String) throws(FileError) -> [String]? {
    guard let value = take(name) else { return nil }
    guard let elements = value.array else { throw fault(name, "\(value.short) is no list of block types") }
    return elements.map { $0.string ?? $0.short }
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
    case .string("projection"): return .projection
    case let value?:
      throw fault(name, "\(value.short) is not supported; legal are timestep, identity and null (a table)")
    }
  }
}
