import Models
import Diffusion
import Tensors

extension SamplingSettings {
  private enum CodingKeys: String, CodingKey {
    case sampler, options, steps, start, seeds, generator, guidance, size, batch
    case clipSample = "clip_sample"
    case guidanceInterval = "guidance_interval"
    case classes = "class"
  }

  /// Reads settings; seeds are text, see ``SeedRanges``.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(seeds: try container.decode(SeedRanges.self, forKey: .seeds).seeds)
    sampler = try container.decode(SamplerChoice.self, forKey: .sampler)
    options = try container.decode(SchedulerOptions.self, forKey: .options)
    clipSample = try container.decode(Bool.self, forKey: .clipSample)
    steps = try container.decodeIfPresent(Int.self, forKey: .steps)
    start = try container.decode(RunStart.self, forKey: .start)
    generator = try container.decode(NoiseGenerator.self, forKey: .generator)
    classes = try container.decodeIfPresent(ClassList.self, forKey: .classes)
    guidance = try container.decode(Double.self, forKey: .guidance)
    guidanceInterval = try container.decodeIfPresent([Int].self, forKey: .guidanceInterval).map { ends in
      guard ends.count == 2, ends[0] <= ends[1] else {
        throw DecodingError.dataCorruptedError(
          forKey: .guidanceInterval, in: container, debugDescription: "\(ends) is no pair of rising training steps")
      }
      return ends[0]...ends[1]
    }
    size = try container.decodeIfPresent(ImageSize.self, forKey: .size)
    batch = try container.decodeIfPresent(Int.self, forKey: .batch)
  }

  /// Writes what ``init(from:)`` reads.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(sampler, forKey: .sampler)
    try container.encode(options, forKey: .options)
    try container.encode(clipSample, forKey: .clipSample)
    try container.encodeIfPresent(steps, forKey: .steps)
    try container.encode(start, forKey: .start)
    try container.encode(SeedRanges(seeds), forKey: .seeds)
    try container.encode(generator, forKey: .generator)
    try container.encodeIfPresent(classes, forKey: .classes)
    try container.encode(guidance, forKey: .guidance)
    try container.encodeIfPresent(
      guidanceInterval.map { [$0.lowerBound, $0.upperBound] }, forKey: .guidanceInterval)
    try container.encodeIfPresent(size, forKey: .size)
    try container.encodeIfPresent(batch, forKey: .batch)
  }
}
