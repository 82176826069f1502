import ArgumentParser
import DiffuseGPU

/// What is measured in the features of a classifier, and against what.
struct FeatureOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A classifier's directory, or a pretrained one such as mnist-classifier, which carries the features of its data.",
      discussion: "Or the directory of Inception, made by `convert-inception`, which has no classes.",
      valueName: "directory"))
  var classifier: String?

  @Option(
    help: ArgumentHelp(
      "The data's features: a file of `statistics --classifier`, or an .npz archive of mu and sigma.",
      discussion: "By default those that the classifier's directory holds.", valueName: "file"))
  var reference: String?

  @Option(
    help: ArgumentHelp("The data set, in place of --reference; takes a pass over all its images.", valueName: "path"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "What to measure, of frechet, kid, pr, composition and is.",
      discussion: """
        frechet is the Frechet distance, kid the kernel distance, pr precision, recall, density and coverage, composition the shares of the \
        classes with their entropy, is the Inception Score. frechet,composition by default.
        """, valueName: "names"))
  var measures: String?

  @Option(
    help: ArgumentHelp("Draws for the 95 % intervals, 200 by default; 0 for no intervals.", valueName: "number"))
  var bootstrap: Int?

  @Option(
    help: ArgumentHelp(
      "Write the features, logits and classes of the samples, and their mu and sigma, to an .npz file.",
      valueName: "file"))
  var featuresOut: String?

  /// A comparison in features.
  struct Request {
    let classifier: any FeatureExtractor
    let settings: MeasureSettings
    let featuresOutput: String?
    fileprivate let file: String?
    fileprivate let data: String?

    /// What results call the reference.
    var referenceName: String { file ?? data ?? "\(classifier.name)/reference.safetensors" }

    /// The data set whose features are the reference, if one is named, and of how many images they are kept one by one.
    var measuredData: (path: String, rows: Int)? {
      let needsRows = settings.measures.contains(where: \.needsReferenceRows)
      return file == nil ? data.map { ($0, needsRows ? ManifoldMeasures.largestCount : 0) } : nil
    }

    /// The reference: of the file, of the data, or the classifier's own.
    ///
    /// - Parameter measured: That of ``measuredData``.
    func reference(measured: () -> FeatureReference?) throws -> FeatureReference {
      if let file {
        let reference = try FeatureReference(contentsOf: file)
        try reference.check(try classifier.extractor, path: file)
        return reference
      }
      if let reference = measured() { return reference }
      guard let reference = try classifier.reference() else {
        throw CommandError(
          "--classifier \(classifier.name): holds no reference.safetensors; name --reference FILE or --data PATH")
      }
      return reference
    }
  }

  /// The comparison that the options make, or nil without a classifier.
  func request(samples: [String], _ shard: Shard? = nil, note: (String) -> Void) throws -> Request? {
    guard let classifier else {
      let others: [(String, String?)] = [
        ("--reference", reference), ("--data", data), ("--measures", measures), ("--features-out", featuresOut),
        ("--bootstrap", bootstrap.map { "\($0)" }),
      ]
      for (flag, value) in others where value != nil { throw CommandError("\(flag) takes --classifier") }
      return nil
    }
    guard reference == nil || data == nil else { throw CommandError("--reference and --data exclude each other") }
    if let featuresOut {
      guard samples.count == 1 else { throw CommandError("--features-out takes one set of samples") }
      guard featuresOut.lowercased().hasSuffix(".npz") else {
        throw CommandError("--features-out \(featuresOut): an .npz file is written")
      }
      try OutputFile.checkDistinct([featuresOut], readFrom: samples + [reference, data].compactMap(\.self))
      if shard == nil { try OutputFile.checkWritable(featuresOut) }
    }
    let network = try FeatureExtractors.found(classifier, note: note)
    return Request(
      classifier: network, settings: try settings(for: network, note: note), featuresOutput: featuresOut,
      file: reference, data: data)
  }

  /// The settings without what a network without classes cannot tell.
  private func settings(
    for network: any FeatureExtractor, note: (String) -> Void
  ) throws(CommandError) -> MeasureSettings {
    var settings = try settings()
    let ofClasses = settings.measures.filter(\.needsClasses)
    guard network.questions.isEmpty, let measure = ofClasses.map(\.rawValue).min() else { return settings }
    guard measures == nil else {
      throw CommandError("--measures: \(measure) takes classes, and \(network.name) has none")
    }
    note("\(network.name) has no classes: \(measure) is left out")
    settings.measures.subtract(ofClasses)
    return settings
  }

  private func settings() throws(CommandError) -> MeasureSettings {
    var settings = MeasureSettings()
    if let measures {
      settings.measures = []
      for name in measures.split(separator: ",", omittingEmptySubsequences: false) {
        guard let measure = Measure(rawValue: String(name)) else {
          throw CommandError(
            "--measures: '\(name)' is none of \(Measure.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        settings.measures.insert(measure)
      }
    }
    if bootstrap == 0 {
      settings.bootstrap = nil
    } else if let bootstrap {
      try checkNumber("--bootstrap", bootstrap, in: Self.draws)
      settings.bootstrap = Bootstrap(replicates: bootstrap)
    }
    return settings
  }

  /// Fewer draws tell nothing about the ends of an interval.
  static let draws = 20...100_000
}
