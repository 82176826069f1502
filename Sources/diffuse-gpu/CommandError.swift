import DiffuseGPU

/// Invalid arguments, as one line that names the flag and says what would be right.
package struct CommandError: Error, CustomStringConvertible {
  /// The line as it is printed.
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}

/// What a failed command prints: libraries know settings and files, and this is the one place that knows their flags.
func worded(_ error: any Error) -> any Error {
  switch error {
  case let error as ImageReadingError: CommandError("\(error) (\(error.option.flag))")
  case let error as PipelineError: CommandError(line(of: error))
  case let error as ModelError: CommandError(line(of: error))
  case SamplerError.unknownSampler: CommandError("--sampler: \(error)")
  case let error as TrainingError: CommandError(line(of: error))
  default: error
  }
}

private func line(of error: PipelineError) -> String {
  func named(_ flag: String, _ path: String?, _ fault: String) -> String {
    flag + (path.map { " \($0)" } ?? "") + ": " + fault
  }
  return switch error {
  case .noSeeds: "--seeds: \(error)"
  case .noStatistics(let model, let kind):
    "\(model): holds no statistics of its data, which --late-start-init \(kind.rawValue) needs; make them with "
      + "`diffuse-gpu statistics` or name a file with --statistics"
  case .inputImages(let path, let fault): named("--input-images", path, fault)
  case .initialNoise(let path, let fault): named("--initial-noise", path, fault)
  case .stepNoise(let path, let fault): named("--step-noise", path, fault)
  case .memory: "--max-memory: \(error)"
  case .batch(let batch, let needed, let available, let fitting):
    "--batch \(batch): takes about \(ByteCount(needed)); \(ByteCount(available)) hold \(fitting)"
  case .changed, .record: "--from-record: \(error)"
  case .checkpointExists(let folder, let checkpoint):
    "\(folder): holds the checkpoint \(checkpoint); go on with --resume, or name another folder"
  case .noCheckpoint(let folder): "--resume: \(folder) holds no checkpoint; leave --resume out to begin"
  case .label: "--\(error)"
  case .unfitForSmallNetwork: "\(error), name another by --config"
  case .unnamedLabel: "\(error) by --label"
  case .start: error.description
  }
}

private func line(of error: ModelError) -> String {
  switch error {
  case .noSampleSize: "\(error); say --size HEIGHTxWIDTH"
  case .sampleSize: "--size: \(error)"
  case .noClasses: "--class: \(error)"
  case .noGuidance: "--guidance: \(error)"
  case .input(_, _, let isLabelled): isLabelled ? "\(error) (--class)" : error.description
  case .statistics, .images, .labels, .tooFewImages: error.description
  }
}

private func line(of error: TrainingError) -> String {
  switch error {
  case .diverged: "\(error); a smaller --learning-rate may help"
  }
}
