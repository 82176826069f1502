import ArgumentParser
import DiffuseGPU

/// The settings of a training: a JSON file, and flags that go before it.
struct TrainingOptions: ParsableArguments {
  @Option(
    name: .customLong("settings"),
    help: ArgumentHelp("Settings as JSON, such as {\"batch\": 64, \"learning_rate\": 0.001}.", valueName: "file"))
  var file: String?

  @Option(help: ArgumentHelp("Images of a step (64).", valueName: "count"))
  var batch: Int?

  @Option(help: ArgumentHelp("Steps in all (6000).", valueName: "count"))
  var steps: Int?

  @Option(help: ArgumentHelp("The seed of weights, orders, times and noise (0).", valueName: "seed"))
  var seed: UInt64?

  @Option(help: ArgumentHelp("The largest learning rate (0.001).", valueName: "rate"))
  var learningRate: Double?

  @Option(help: ArgumentHelp("Steps in which the learning rate grows to its largest (200).", valueName: "steps"))
  var warmUp: Int?

  @Option(
    name: .customLong("rate-schedule"),
    help: ArgumentHelp(
      "The learning rate schedule after the warm-up: cosine or constant (cosine).", valueName: "schedule"))
  var learningRateSchedule: String?

  @Option(help: ArgumentHelp("AdamW's decoupled weight decay (0, which is Adam).", valueName: "decay"))
  var weightDecay: Double?

  @Option(help: ArgumentHelp("The largest norm of a step's gradients; 0 for no limit (1).", valueName: "norm"))
  var clipNorm: Double?

  @Option(
    name: .customLong("average-decay"),
    help: ArgumentHelp("The decay of the exponential moving average of weights, EMA (0.999).", valueName: "decay"))
  var emaDecay: Double?

  @Option(
    help: ArgumentHelp("What the network predicts: epsilon, sample or v_prediction (epsilon).", valueName: "type"))
  var prediction: String?

  @Option(help: ArgumentHelp("How timesteps are drawn: uniform or importance (uniform).", valueName: "kind"))
  var times: String?

  @Option(
    name: .customLong("min-snr"),
    help: ArgumentHelp("Min-SNR weighting with this limit, such as 5.", valueName: "gamma"))
  var snrLimit: Double?

  @Option(help: ArgumentHelp("Dropout in residual blocks (the config's).", valueName: "probability"))
  var dropout: Double?

  @Option(help: ArgumentHelp("Condition on this kind of label; 0 in files with one kind.", valueName: "kind"))
  var label: Int?

  @Option(
    help: ArgumentHelp(
      "The probability of dropping a label, for classifier-free guidance (0.1).", valueName: "probability"))
  var labelDropout: Double?

  @Option(help: ArgumentHelp("Label smoothing of a classifier (0).", valueName: "part"))
  var labelSmoothing: Double?

  @Flag(help: "Flip images horizontally with probability one half; not for digits.")
  var flip = false

  @Option(help: ArgumentHelp("Shift images by at most so many pixels (0).", valueName: "pixels"))
  var shift: Int?

  @Flag(help: "Dequantize bytes with uniform noise.")
  var dequantize = false

  @Flag(help: "Gradient checkpointing: the backward pass evaluates blocks again. Less memory, more time.")
  var checkpointBlocks = false

  /// The settings, checked.
  func settings(_ task: TrainingSettings.Task) throws -> TrainingSettings {
    var result = try file.map { try TrainingSettings(JSONValue(contentsOf: $0), path: $0) } ?? TrainingSettings()
    func choice<Choice: RawRepresentable & CaseIterable>(
      _ text: String?, _ flag: String, _ value: inout Choice
    ) throws where Choice.RawValue == String {
      guard let text else { return }
      guard let found = Choice(rawValue: text) else {
        throw CommandError(
          "\(flag) '\(text)': \(Choice.allCases.map(\.rawValue).joined(separator: ", ")) are possible")
      }
      value = found
    }
    result.task = task
    if let batch { result.batch = batch }
    if let steps { result.steps = steps }
    if let seed { result.seed = seed }
    if let learningRate { result.learningRate = learningRate }
    if let warmUp { result.warmUp = warmUp }
    if let weightDecay { result.weightDecay = weightDecay }
    if let clipNorm { result.clipNorm = clipNorm == 0 ? nil : clipNorm }
    if let emaDecay { result.emaDecay = emaDecay }
    if let snrLimit { result.snrLimit = snrLimit }
    if let dropout { result.dropout = dropout }
    if let label { result.label = label }
    if let labelDropout { result.labelDropout = labelDropout }
    if let labelSmoothing { result.labelSmoothing = labelSmoothing }
    if let shift { result.shift = shift }
    if flip { result.flips = true }
    if dequantize { result.dequantizes = true }
    if checkpointBlocks { result.checkpointsBlocks = true }
    try choice(learningRateSchedule, "--rate-schedule", &result.learningRateSchedule)
    try choice(prediction, "--prediction", &result.prediction)
    try choice(times, "--times", &result.times)
    if let fault = result.fault { throw CommandError(fault) }
    return result
  }
}
