/// A released network of guided-diffusion, improved-diffusion or consistency models, by the name of its file.
struct ADMPreset: Sendable {
  let name: String
  let structure: ADMNetwork.Structure
  let settings: ADMSettings

  private init(
    _ name: String, size: Int, width: Int, layers: Int, attention: [Int], _ heads: ADMSettings.Heads,
    multipliers: [Double]? = nil, classes: Bool = false, isImproved: Bool = false, scalesAndShifts: Bool = true,
    isConsistency: Bool = false, _ change: (inout ADMSettings) -> Void = { _ in }
  ) {
    let customary: [Int: [Double]] = [
      512: [0.5, 1, 1, 2, 2, 4, 4], 256: [1, 1, 2, 2, 4, 4], 128: [1, 1, 2, 3, 4], 64: [1, 2, 3, 4], 32: [1, 2, 2, 2],
    ]
    let multipliers = multipliers ?? customary[size] ?? []
    self.name = name
    structure = .init(
      baseWidth: width, channels: multipliers.map { Int($0 * Double(width)) }, layers: layers,
      attends: multipliers.indices.map { attention.contains(size >> $0) }, resamplesInBlocks: !isImproved,
      scalesAndShifts: scalesAndShifts, hasClasses: classes, learnsVariance: !isConsistency,
      isConsistency: isConsistency)
    var settings = ADMSettings()
    (settings.heads, settings.imageSize) = (heads, size)
    change(&settings)
    self.settings = settings
  }

  private static func cosine4000(_ settings: inout ADMSettings) {
    (settings.hasCosineSchedule, settings.steps, settings.rescalesTimes) = (true, 4000, true)
  }

  /// Consistency models, distilled or trained by themselves, and the teachers of the distilled ones.
  private static let consistency: [ADMPreset] = ["imagenet64", "bedroom256", "cat256"].flatMap { data in
    ["cd_\(data)_l2", "cd_\(data)_lpips", "ct_\(data)", "edm_\(data)_ema"].map { name in
      let isSmall = data == "imagenet64"
      return ADMPreset(
        name, size: isSmall ? 64 : 256, width: isSmall ? 192 : 256, layers: isSmall ? 3 : 2, attention: [32, 16, 8],
        .width(64), classes: isSmall, scalesAndShifts: isSmall, isConsistency: true
      ) {
        ($0.groupsParts, $0.training) = (true, name.hasPrefix("edm") ? .edm : .consistency)
      }
    }
  }

  /// All of them.
  static let all = consistency + diffusion

  /// Networks of guided-diffusion and improved-diffusion.
  private static let diffusion: [ADMPreset] = [
    .init("64x64_diffusion", size: 64, width: 192, layers: 3, attention: [32, 16, 8], .width(64), classes: true) {
      ($0.groupsParts, $0.hasCosineSchedule) = (true, true)
    },
    .init("128x128_diffusion", size: 128, width: 256, layers: 2, attention: [32, 16, 8], .count(4), classes: true),
    .init("256x256_diffusion", size: 256, width: 256, layers: 2, attention: [32, 16, 8], .width(64), classes: true),
    .init("256x256_diffusion_uncond", size: 256, width: 256, layers: 2, attention: [32, 16, 8], .width(64)),
    .init("512x512_diffusion", size: 512, width: 256, layers: 2, attention: [32, 16, 8], .width(64), classes: true),
    .init("lsun_bedroom", size: 256, width: 256, layers: 2, attention: [32, 16, 8], .width(64)),
    .init("lsun_cat", size: 256, width: 256, layers: 2, attention: [32, 16, 8], .width(64)),
    .init("lsun_horse", size: 256, width: 256, layers: 2, attention: [32, 16, 8], .width(64)),
    .init("ffhq_10m", size: 256, width: 128, layers: 1, attention: [16], .width(64)),
    .init(
      "cifar10_uncond", size: 32, width: 128, layers: 3, attention: [16, 8], .count(4), isImproved: true, cosine4000),
    .init(
      "imagenet64_uncond", size: 64, width: 128, layers: 3, attention: [16, 8], .count(4), isImproved: true, cosine4000),
    .init(
      "imagenet64_cond", size: 64, width: 192, layers: 3, attention: [16, 8], .count(4), classes: true, isImproved: true
    ) {
      ($0.hasCosineSchedule, $0.steps) = (true, 4000)
    },
    .init(
      "lsun_uncond", size: 256, width: 128, layers: 2, attention: [16], .count(1), isImproved: true,
      scalesAndShifts: false),
  ]
}
