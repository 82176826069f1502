import ArgumentParser
import DiffuseGPU

/// The settings of a training: a JSON file, and flags that go before it.
struct TrainingOptions: ParsableArguments {
  @Option(
    name: .customLong("settings"),
    help: ArgumentHelp("Settings as JSON, such as {\"batch\": 64, \"learning_rate\": 0.001}.", valueName: "file"))
  var file: String?

  @Option(help: ArgumentHelp("Images of a step, 1 to 1048576 (64).", valueName: "count"))
  var batch: Int?

  @Option(
    help: ArgumentHelp(
      "Parts of a batch, one after the other or on several ranks: 1, 2, 4, ... (1, or the number of ranks).",
      valueName: "count"))
  var parts: Int?

  @Option(help: ArgumentHelp("Steps in all, 1 to 99999999 (6000).", valueName: "count"))
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

  @Option(help: ArgumentHelp("Shift images by at most so many pixels, up to 65536 (0).", valueName: "pixels"))
  var shift: Int?

  @Flag(help: "Dequantize bytes with uniform noise.")
  var dequantize = false

  @Flag(help: "Gradient checkpointing: the backward pass evaluates blocks again. Less memory, more time.")
  var checkpointBlocks = false

  /// The settings that are named, by flags or in the file.
  ///
  /// - Parameter task: What is trained, if it is named.
  func named(_ task: TrainingSettings.Task?) throws -> NamedSettings {
    var result = try file.map { try NamedSettings(JSONValue(contentsOf: $0), path: $0) } ?? NamedSettings()
    func set<Value>(_ name: String, _ setting: WritableKeyPath<TrainingSettings, Value>, _ value: Value?) {
      if let value { result.set(name, setting, to: value) }
    }
    set("task", \.task, task)
    set("batch", \.batch, batch)
    set("parts", \.parts, parts)
    set("steps", \.steps, steps)
    set("seed", \.seed, seed)
    set("learning_rate", \.learningRate, learningRate)
    set("warm_up", \.warmUp, warmUp)
    set("weight_decay", \.weightDecay, weightDecay)
    set("clip_norm", \.clipNorm, clipNorm.map { $0 == 0 ? nil : $0 })
    set("average_decay", \.emaDecay, emaDecay)
    set("snr_limit", \.snrLimit, snrLimit.map(Optional.some))
    // Without the second layer of the optional, what is not there would count as nil that is named.
    set("dropout", \.dropout, dropout.map(Optional.some))
    set("label", \.label, label.map(Optional.some))
    set("label_dropout", \.labelDropout, labelDropout)
    set("label_smoothing", \.labelSmoothing, labelSmoothing)
    set("shift", \.shift, shift)
    set("flips", \.flips, flip ? true : nil)
    set("dequantizes", \.dequantizes, dequantize ? true : nil)
    set("checkpoints_blocks", \.checkpointsBlocks, checkpointBlocks ? true : nil)
    set("rate_schedule", \.learningRateSchedule, try choice(learningRateSchedule, "--rate-schedule"))
    set("prediction", \.prediction, try choice(prediction, "--prediction"))
    set("times", \.times, try choice(times, "--times"))
    return result
  }
}

/// The case of an enumeration that a flag names, or nil if the flag is not there.
func choice<Choice: RawRepresentable & CaseIterable>(
  _ text: String?, _ flag: String
) throws(CommandError) -> Choice? where Choice.RawValue == String {
  guard let text else { return nil }
  guard let found = Choice(rawValue: text) else {
    throw CommandError("\(flag) '\(text)': \(Choice.allCases.map(\.rawValue).joined(separator: ", ")) are possible")
  }
  return found
}
