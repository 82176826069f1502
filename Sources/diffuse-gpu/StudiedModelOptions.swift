import ArgumentParser
import DiffuseGPU

/// Which model a study measures, and with which Gaussian it compares it.
struct StudiedModelOptions: ParsableArguments {
  @OptionGroup
  var network: NetworkOptions

  @Option(
    help: ArgumentHelp(
      "An exact world instead: two-points, hypersphere:D, mixture:FILE or gaussian:STATISTICS.",
      valueName: "world"))
  var world: String?

  @Option(help: ArgumentHelp("Statistics of the data, if the model directory holds none.", valueName: "file"))
  var statistics: String?

  @Option(
    name: .customLong("class"),
    help: ArgumentHelp(
      "The class, for class-conditional models.",
      discussion:
        "The model is compared with the Gaussian of the statistics, which --statistics may make those of the class.",
      valueName: "label"))
  var classLabel: Int?

  /// Reads the model and makes it ready on a device.
  ///
  /// - Parameters:
  ///   - data: A data set whose moments are taken where no file of statistics is named.
  ///   - device: The device.
  ///   - console: Where notes and progress are printed.
  func open(data: (any ImageSource)? = nil, _ device: DeviceOptions, _ console: Console) throws -> StudiedModel {
    let options = try device.analysisOptions()
    try checkNumber("--class", classLabel, in: 0...1_000_000)
    var request = SamplingRequest(model: try reference, settings: SamplingSettings(seeds: [0]))
    request.statistics = statistics
    let opened = try request.open(note: console.note) { try .found($0, variant: $1, checkpoint: $2) }
    var own = opened.model
    if let data, statistics == nil, var model = own as? Model {
      let display = ProgressDisplay(total: data.count, unit: "images", quiet: console.isQuiet)
      model.statistics = .values(try ImageStatistics(of: data) { display.update($0) })
      own = model
    }
    let model = try StudiedModel(own, classLabel: classLabel, on: device.open(console, options))
    for notice in model.notices { console.note(notice) }
    return model
  }

  private var reference: ModelReference {
    get throws {
      if world != nil, statistics != nil {
        throw CommandError("--world and --statistics exclude each other: an exact world knows its own moments")
      }
      return try network.reference(orWorld: world)
    }
  }
}

extension NetworkOptions {
  /// The model that is named, or an exact world in its place.
  func reference(orWorld world: String?) throws -> ModelReference {
    guard let world else { return .directory(path: model, variant: variant, checkpoint: try checkpoint.options) }
    for (isNamed, flag) in named where isNamed {
      throw CommandError("--world and \(flag) exclude each other: an exact world knows its own moments")
    }
    return .world(try WorldReference(argument: world))
  }
}

extension StudiedModel {
  /// The first images of `--data`, in the range of the model, and how many there are of all.
  func images(
    _ data: String, _ reading: ImageReadingOptions, count: Int, _ console: Console
  ) throws -> (values: [Float], count: Int) {
    let source = try Dataset.open(data, reading.reading, channels: shape.channels) { console.note($0) }
    guard source.shape == shape else {
      throw CommandError("--data \(data): images of \(source.shape); the model's are of \(shape)")
    }
    let images = try source.next(count)
    guard images.count >= 2 * shape.count else { throw CommandError("--data \(data): at least two images are needed") }
    return (images, source.count)
  }
}
