import DiffuseGPU

extension LateStartScanCommand.CellOptions {
  /// The settings that the flags make.
  func settings() throws -> LateStartScanSettings {
    guard seeds == nil || count == nil else { throw CommandError("--seeds and --count exclude each other") }
    let list = try seeds.map { try SeedList.seeds(in: $0) } ?? SeedList.seeds(from: 0, count: count ?? 1000)
    var base = SamplingSettings(seeds: list)
    base.batch = batch
    base.clipSample = !isUnclipped
    base.classes = try classes.map { try ClassList(argument: $0) }
    var settings = LateStartScanSettings(base: base)
    settings.samplers = try samplers()
    settings.steps = try counts()
    settings.starts = try starts()
    settings.kinds = try initializations()
    settings.keepsImages = keepImages
    if bootstrap != 0 { try checkNumber("--bootstrap", bootstrap, in: FeatureOptions.draws) }
    settings.bootstrap = bootstrap == 0 ? nil : Bootstrap(replicates: bootstrap)
    return settings
  }

  /// The parts of a list, none twice.
  private func parts(_ flag: String, _ text: String) throws(CommandError) -> [String] {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard !parts.contains("") else { throw CommandError("\(flag) '\(text)': a part is empty") }
    guard Set(parts).count == parts.count else { throw CommandError("\(flag) '\(text)': a part is named twice") }
    return parts
  }

  private func samplers() throws -> [String] {
    try parts("--sampler", sampler).map { name in
      var settings = SamplingSettings(seeds: [0])
      try settings.select(sampler: name)
      return name.lowercased()
    }
  }

  private func counts() throws(CommandError) -> [Int] {
    var counts: [Int] = []
    for part in try parts("--steps", steps) {
      guard let count = Int(part) else { throw CommandError("--steps '\(steps)': '\(part)' is no number of steps") }
      try checkNumber("--steps", count, in: 1...SamplerError.largestSteps)
      counts.append(count)
    }
    return counts
  }

  private func starts() throws(CommandError) -> [ScanStart] {
    do throws(ScanStart.Fault) {
      return try ScanStart.list(start)
    } catch {
      throw switch error {
      case .part(let part): CommandError("--start '\(start)': '\(part)' is neither a training step nor the word prior")
      case .dots:
        CommandError(
          "--start '\(start)': three dots stand between two steps that whole strides part, as in 900,800,...,300")
      case .repeated(let part): CommandError("--start '\(start)': \(part) is named twice")
      }
    }
  }

  private func initializations() throws(CommandError) -> [LateStartKind] {
    var kinds: [LateStartKind] = []
    for part in try parts("--init", self.kinds) {
      guard let kind = LateStartKind(rawValue: part) else {
        let names = LateStartKind.allCases.map(\.rawValue).joined(separator: ", ")
        throw CommandError("--init '\(part)': \(names) are possible")
      }
      kinds.append(kind)
    }
    return kinds
  }
}

extension LateStartScanCommand.SourceOptions {
  /// What the samples are compared with.
  func reference(
    for classifier: any FeatureExtractor, _ reading: ImageReading, _ console: Console
  ) throws -> ScanReference {
    guard data == nil || reference == nil else { throw CommandError("--data and --reference exclude each other") }
    func images(_ path: String) throws -> ScanReference.Images {
      let channels = classifier.imageChannels
      // Notes are for the first time that the set is opened.
      _ = try Dataset.open(path, reading, channels: channels, note: console.note)
      return try ScanReference.Images { try Dataset.open(path, reading, channels: channels) }
    }
    let other = try real.map(images)
    if let data { return ScanReference(data: try images(data), other: other) }
    guard let reference else {
      guard let own = try classifier.reference() else {
        throw CommandError(
          "--classifier \(classifier.name): holds no reference.safetensors; name --reference FILE or --data PATH")
      }
      return ScanReference(own, name: "the reference of \(classifier.name)", other: other)
    }
    return ScanReference(try FeatureReference(contentsOf: reference), name: reference, other: other)
  }
}
