import ArgumentParser
import DiffuseGPU

/// Invalid arguments, as one line that names the flag and says what would be right.
package struct CommandError: Error, CustomStringConvertible {
  /// The line as it is printed.
  package let description: String

  /// An error of one line, or of several where `keepingLines` says so; names in it are made printable.
  init(_ description: String, keepingLines: Bool = false) {
    self.description = description.printable(keepingLines: keepingLines)
  }
}

/// What a failed command prints: libraries know settings and files, and this is the one place that knows their flags.
///
/// Names out of foreign files may stand in any of these lines, so that this is also where they are made printable.
func worded(_ error: any Error) -> any Error {
  switch error {
  case let error as ImageReadingError: CommandError("\(error) (\(error.option.flag))")
  case let error as PipelineError: CommandError(line(of: error))
  case let error as ModelError: CommandError(line(of: error))
  case let error as EvaluationError: CommandError(line(of: error))
  case SamplerError.unknownSampler: CommandError("--sampler: \(error)")
  case let error as MergeError: CommandError(line(of: error))
  case let error as CommunicationError: CommandError(error.description)
  case let error as TrainingError: CommandError(line(of: error))
  // A compiler's log, the one text of several lines.
  case let error as DeviceError: CommandError(error.description, keepingLines: true)
  // The parser's own faults and requests for help stand in its words.
  default:
    error is ExitCode || DiffuseGPUCommand.exitCode(for: error) != .failure
      ? error : CommandError(DiffuseGPUCommand.message(for: error))
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
  case .noClassStatistics(let model):
    "\(model): holds no statistics of the classes of its data, which --late-start-init class-gaussian needs; make them with "
      + "`diffuse-gpu statistics --per-class` and name the file with --statistics"
  case .startClass: "--class: \(error)"
  case .noSampleClasses: "--per-class: \(error), named by --class"
  case .noFit(let model):
    "--late-start auto: \(model) carries neither late_start.json nor statistics of its data; make one by `diffuse-gpu late-start fit`"
  case .noStart: "--late-start auto: \(error)"
  case .fewLevels: "--detail-snr: \(error)"
  case .noLabels: "--data: \(error)"
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
  case .ranksDiffer: error.description
  case .differs(let source, let field, let asked, let recorded):
    "\(source ?? flag(of: field)): \(field) is \(asked), the run has \(recorded); leave it out, or begin a run in another folder"
  case .originTask, .originNetwork: "--from \(error)"
  case .originPredicts: "--prediction: \(error)"
  case .otherData(_, let field, _, _):
    "--data: \(error)" + (field == "shape" ? "" : "; --allow-other-data goes on with them")
  case .stepsDone: "--steps: \(error)"
  case .noData: "--data: \(error)"
  case .classifierScheduler: "--scheduler: is for --task diffusion"
  case .outputPlan(let field, _, _, _): "\(flag(of: field)): \(error)"
  case .damagedCheckpoints: "--resume: \(error)"
  case .label: "--\(error)"
  case .unfitForSmallNetwork: "\(error), name another by --config"
  case .unnamedLabel: "\(error) by --label"
  case .number(let setting, let fault): "\(flag(of: setting)): \(fault)"
  case .start, .notFinite, .unscaledTraining, .noDerivatives: error.description
  }
}

/// The flag of a setting of a training, which has the setting's name but for a few.
private func flag(of setting: String) -> String {
  let others = [
    "snr_limit": "min-snr", "flips": "flip", "dequantizes": "dequantize", "checkpoints_blocks": "checkpoint-blocks",
  ]
  return "--" + (others[setting] ?? setting.replacing("_", with: "-"))
}

private func line(of error: ModelError) -> String {
  switch error {
  case .noSampleSize: "\(error); say --size HEIGHTxWIDTH"
  case .sampleSize: "--size: \(error)"
  case .noClasses: "--class: \(error)"
  case .noGuidance: "--guidance: \(error)"
  case .input(_, _, let isLabelled): isLabelled ? "\(error) (--class)" : error.description
  case .statistics, .images, .channels, .labels: error.description
  }
}

private func line(of error: EvaluationError) -> String {
  switch error {
  case .unequalCounts: "\(error); --count N takes the first N of each"
  case .tooManyImages(_, _, _, let largest): "\(error); --count \(largest) takes the first"
  case .fewerThanAsked: "--count: \(error)"
  case .noReferenceRows: "--measures: \(error); `diffuse-gpu statistics --classifier NAME --rows N` keeps them"
  case .otherExtractor: "--reference: \(error)"
  case .tooFewImages, .otherSize, .notFinite, .tooManyDirections, .otherFeatures: error.description
  }
}

private func line(of error: MergeError) -> String {
  switch error {
  case .noPart: "\(error) (--shard)"
  case .missing(let shard): "\(error) by --shard \(shard)"
  case .unfinished: "\(error) by --shard"
  default: error.description
  }
}

private func line(of error: TrainingError) -> String {
  switch error {
  case .diverged: "\(error); a smaller --learning-rate may help"
  case .precision(let precision): "--precision \(precision.rawValue): \(error)"
  case .ranks: "--parts: \(error)"
  case .setting, .state: error.description
  }
}
