import Compute
import Files
import Networks

/// How a configuration writes blocks, which says what they have in common.
enum BlockStyle {
  /// diffusers' blocks without a filter.
  case diffusers
  /// diffusers' Skip and AttnSkip blocks: NCSN++ (Song and others 2021).
  case skip
  /// Blocks of score_sde and EDM that diffusers does not have; the options are keys of their own.
  case score

  private static let prefix = "Score"

  /// The name of a block on the way down or up; empty if the style does not have it.
  func name(of block: UNetConfiguration.Block, isDown: Bool) -> String {
    let way = isDown ? "Down" : "Up"
    switch (self, block) {
    case (.diffusers, .plain): return "\(way)Block2D"
    case (.diffusers, .attention): return "Attn\(way)Block2D"
    // No name of diffusers, which does not have such a block and refuses it.
    case (.diffusers, .lastAttention): return "LastAttn\(way)Block2D"
    case (.diffusers, .resnet): return "Resnet\(way)sampleBlock2D"
    case (.skip, .resnet): return "Skip\(way)Block2D"
    case (.skip, .attention): return isDown ? "AttnSkipDownBlock2D" : ""
    case (.skip, .lastAttention): return isDown ? "" : "AttnSkipUpBlock2D"
    case (.skip, .plain): return ""
    case (.score, _): return Self.prefix + BlockStyle.diffusers.name(of: block, isDown: isDown)
    }
  }

  /// A block and its style by its name.
  static func block(_ name: String, isDown: Bool) -> (block: UNetConfiguration.Block, style: BlockStyle)? {
    guard !name.isEmpty else { return nil }
    for style in [BlockStyle.diffusers, .skip, .score] {
      let block = UNetConfiguration.Block.allCases.first { style.name(of: $0, isDown: isDown) == name }
      if let block { return (block, style) }
    }
    return nil
  }

  /// The names that messages list.
  static func names(isDown: Bool) -> String {
    [BlockStyle.diffusers, .skip]
      .flatMap { style in UNetConfiguration.Block.allCases.map { style.name(of: $0, isDown: isDown) } }
      .filter { !$0.isEmpty }.joined(separator: ", ")
  }
}

extension ConfigurationFields {
  /// Takes the blocks of both ways, which are of one style.
  mutating func takeBlocks(into result: inout UNetConfiguration) throws(FileError) -> BlockStyle {
    let down = try takeBlocks("down_block_types", isDown: true), up = try takeBlocks("up_block_types", isDown: false)
    result.downBlocks = down?.map(\.block) ?? result.downBlocks
    result.upBlocks = up?.map(\.block) ?? result.upBlocks
    let styles = Set([down, up].flatMap { $0?.map(\.style) ?? [.diffusers] })
    guard styles.count < 2, let style = styles.first else {
      throw fault("up_block_types", "Skip blocks stand beside others; all blocks or none must be such")
    }
    return style
  }

  private mutating func takeBlocks(
    _ name: String, isDown: Bool
  ) throws(FileError) -> [(block: UNetConfiguration.Block, style: BlockStyle)]? {
    guard let texts = try texts(name) else { return nil }
    var result: [(block: UNetConfiguration.Block, style: BlockStyle)] = []
    for text in texts {
      guard
        let found = BlockStyle.block(text.hasPrefix("UNetRes") ? String(text.dropFirst(7)) : text, isDown: isDown)
      else {
        throw fault(name, "'\(text)' is no known block type; legal are \(BlockStyle.names(isDown: isDown))")
      }
      result.append(found)
    }
    return result
  }

  /// Takes what networks of score_sde and EDM have of their own.
  mutating func takeScoreOptions(into result: inout UNetConfiguration) throws(FileError) {
    result.levelScaleFactor = try number("residual_scale_factor", in: -1e6...1e6) ?? result.levelScaleFactor
    result.projectsWhenResizing = try bool("resnet_resize_shortcut") ?? result.projectsWhenResizing
    result.encoder = try choice("encoder_type") ?? result.encoder
    result.decoder = try choice("decoder_type") ?? result.decoder
    if let taps = try counts("resample_filter", to: Self.largestCount) {
      guard let filter = UNetConfiguration.ResizingFilter(taps: taps) else {
        throw fault("resample_filter", "\(taps) is not supported; legal are [1, 1] and [1, 3, 3, 1]")
      }
      result.resizingFilter = filter
    }
  }
}

extension UNetConfiguration.ResizingFilter {
  /// The filter of such taps in each direction, or nil.
  init?(taps: [Int]) {
    switch taps {
    case [1, 1]: self = .box
    case [1, 3, 3, 1]: self = .binomial
    default: return nil
    }
  }

  /// What it is in each direction, up to its sum.
  var taps: [Int] { self == .box ? [1, 1] : [1, 3, 3, 1] }
}

extension UNetConfiguration {
  /// The groups that AttnSkip blocks fix.
  private static let skipAttentionGroups = 32

  /// How the blocks are written.
  var blockStyle: BlockStyle {
    var plain = self
    plain.becomePlain()
    if plain == self { return .diffusers }
    var skip = self
    skip.becomeSkip()
    let hasNames =
      downBlocks.allSatisfy { !BlockStyle.skip.name(of: $0, isDown: true).isEmpty }
      && upBlocks.allSatisfy { !BlockStyle.skip.name(of: $0, isDown: false).isEmpty }
    let hasOwnEmbeddings = classEmbedding == .projection || timeEmbedding == .logarithmicFourier
    return hasNames && skip == self && !hasOwnEmbeddings ? .skip : .score
  }

  /// What networks of score_sde and EDM have of their own.
  var scoreOptions: [String: JSONValue] {
    [
      "residual_scale_factor": .number(levelScaleFactor), "resnet_resize_shortcut": .boolean(projectsWhenResizing),
      "encoder_type": .string(encoder.rawValue), "decoder_type": .string(decoder.rawValue),
      "resample_filter": .array(resizingFilter.taps.map { .number(Double($0)) }),
    ]
  }

  private mutating func becomePlain() {
    let plain = UNetConfiguration()
    normalizationGroups = normalizationGroups ?? plain.normalizationGroups
    if classEmbedding == .projection { classEmbedding = .none }
    if timeEmbedding == .logarithmicFourier { timeEmbedding = .fourier }
    (levelScaleFactor, projectsWhenResizing) = (plain.levelScaleFactor, plain.projectsWhenResizing)
    (encoder, decoder, resizingFilter) = (plain.encoder, plain.decoder, plain.resizingFilter)
    attentionLevelGroups = plain.attentionLevelGroups
  }

  private mutating func becomeSkip() {
    (levelScaleFactor, projectsWhenResizing) = (2.0.squareRoot(), true)
    (encoder, decoder, resizingFilter) = (.skip, .skip, .binomial)
    (downsampling, upsampling) = (.resnet, .resnet)
    normalizationGroups = nil
    attentionLevelGroups = differsInAttentionLevels ? Self.skipAttentionGroups : nil
  }

  /// Whether the groups that AttnSkip blocks fix are others than a quarter of the channels, at most 32.
  private var differsInAttentionLevels: Bool {
    let down = zip(downBlocks, blockChannels).filter { $0.0.hasAttention }.map(\.1)
    let up = zip(upBlocks, blockChannels.reversed()).filter { $0.0.hasAttention }.map(\.1)
    return (down + up).contains { $0 < 4 * Self.skipAttentionGroups }
  }

  /// Takes on what Skip blocks have in common.
  ///
  /// - Throws: `FileError` if the groups of the layers outside of the blocks are others than theirs.
  mutating func becomeSkipNetwork(_ fields: ConfigurationFields) throws(FileError) {
    let outer = [blockChannels.first, blockChannels.last].compactMap(\.self)
    if let groups = normalizationGroups, outer.contains(where: { min($0 / 4, 32) != groups }) {
      throw fields.fault("norm_num_groups", "\(groups) beside Skip blocks is not supported; null is")
    }
    becomeSkip()
  }
}
