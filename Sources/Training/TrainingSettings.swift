public import Diffusion
public import Files
import Foundation

/// Everything that determines a training run, apart from the network, the data and the device.
///
/// Written into every checkpoint; as JSON the names have underscores.
public struct TrainingSettings: Codable, Sendable, Hashable {
  /// What is trained.
  public enum Task: String, Codable, Sendable, Hashable, CaseIterable {
    /// A denoiser.
    case diffusion
    /// A classifier.
    case classifier
  }

  /// The learning rate schedule after the warm-up.
  public enum LearningRateSchedule: String, Codable, Sendable, Hashable, CaseIterable {
    /// The largest learning rate throughout.
    case constant
    /// It falls along half a cosine to ``TrainingSettings/finalLearningRate`` times itself.
    case cosine
  }

  /// How timesteps are drawn.
  public enum TimeSampling: String, Codable, Sendable, Hashable, CaseIterable {
    /// Uniformly.
    case uniform
    /// In proportion to the root of the mean square of their losses (Nichol and Dhariwal 2021, section 3.3).
    case importance
  }

  /// What is trained.
  public var task = Task.diffusion
  /// Images of a step.
  public var batch = 64
  /// Steps in all.
  public var steps = 6000
  /// The seed of everything that is random.
  public var seed: UInt64 = 0
  /// The largest learning rate.
  public var learningRate = 1e-3
  /// Steps in which the learning rate grows to its largest.
  public var warmUp = 200
  /// The learning rate schedule after the warm-up.
  public var learningRateSchedule = LearningRateSchedule.cosine
  /// The learning rate at the end of a cosine, as a share of the largest.
  public var finalLearningRate = 0.02
  /// Adam's beta1: how much of the mean of gradients is kept.
  public var beta1 = 0.9
  /// Adam's beta2: how much of the mean of squared gradients is kept.
  public var beta2 = 0.999
  /// Added to the root of the second mean.
  public var epsilon = 1e-8
  /// The decoupled weight decay of AdamW; zero for Adam.
  public var weightDecay = 0.0
  /// The largest norm of a step's gradients, to which larger ones are scaled; nil for no limit.
  public var clipNorm: Double? = 1
  /// The decay of the exponential moving average of weights (EMA); it is less in the first steps, `(1 + step) / (10 + step)`.
  public var emaDecay = 0.999
  /// What the network predicts.
  public var prediction = PredictionType.epsilon
  /// How timesteps are drawn.
  public var times = TimeSampling.uniform
  /// The limit of the weight of a time, in signal-to-noise ratios, or nil for equal weights.
  ///
  /// Min-SNR's gamma (Hang and others 2023, section 3.4).
  public var snrLimit: Double?
  /// The probability with which a label is replaced by that of no class, for guidance without a classifier.
  public var labelDropout = 0.1
  /// Label smoothing: how much of a classifier's target all classes share.
  public var labelSmoothing = 0.0
  /// Whether images are flipped horizontally, each with probability one half.
  public var flips = false
  /// By how many pixels images are moved at most.
  public var shift = 0
  /// Whether uniform noise dequantizes bytes, each within its own interval.
  public var dequantizes = false
  /// The dropout of residual blocks, or nil for the configuration's.
  public var dropout: Double?
  /// Which kind of label conditions the network, or nil for none.
  public var label: Int?
  /// Whether the backward pass evaluates blocks again, which saves memory (gradient checkpointing).
  public var checkpointsBlocks = false

  /// The names in files, which are older than some of the names here; as JSON they have underscores.
  private enum CodingKeys: String, CodingKey {
    case task, batch, steps, seed, learningRate, warmUp, epsilon, weightDecay, clipNorm, prediction, times,
      snrLimit, labelDropout, labelSmoothing, flips, shift, dequantizes, dropout, label, checkpointsBlocks
    case beta1 = "firstDecay"
    case beta2 = "secondDecay"
    case emaDecay = "averageDecay"
    case learningRateSchedule = "rateSchedule"
    case finalLearningRate = "finalRate"
  }

  /// The defaults: a small denoiser of small images.
  public init() {}

  /// Reads settings from JSON; what is not named has its default.
  ///
  /// - Throws: `FileError` naming a key that does not exist or a value that is not legal.
  public init(_ json: JSONValue, path: String) throws(FileError) {
    let known = Self().json.object ?? [:]
    guard let members = json.object else { throw FileError(path, "the settings of a training are an object") }
    for name in members.keys.sorted() where known[name] == nil {
      throw FileError(
        path, "'\(name)' is no setting; there are \(known.keys.sorted().joined(separator: ", "))")
    }
    let whole = known.merging(members) { $1 }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      self = try decoder.decode(Self.self, from: Data(JSONValue.object(whole).text.utf8))
    } catch let error as DecodingError {
      throw FileError(path, error.oneLine)
    } catch {
      throw FileError(path, "\(error)")
    }
    if let fault { throw FileError(path, fault) }
  }

  /// The settings as JSON, settings that are nil included.
  public var json: JSONValue {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    guard let data = try? encoder.encode(self),
      let json = try? JSONValue(String(decoding: data, as: UTF8.self), path: "settings"),
      var members = json.object
    else { preconditionFailure("settings are numbers and words") }
    for name in ["clip_norm", "snr_limit", "label", "dropout"] where members[name] == nil { members[name] = .null }
    return .object(members)
  }

  /// What is wrong with the numbers, or nil if nothing is.
  public var fault: String? {
    let counts = [("batch", batch), ("steps", steps)].first { $0.1 < 1 }
    if let (name, value) = counts { return "\(name) is \(value); at least 1 is needed" }
    let rates: [(String, Double, ClosedRange<Double>)] = [
      ("learning_rate", learningRate, 0...10), ("final_rate", finalLearningRate, 0...1),
      ("first_decay", beta1, 0...0.9999),
      ("second_decay", beta2, 0...0.999999), ("epsilon", epsilon, 1e-30...1),
      ("weight_decay", weightDecay, 0...10),
      ("clip_norm", clipNorm ?? 1, 1e-9...1e9), ("average_decay", emaDecay, 0...0.9999999),
      ("snr_limit", snrLimit ?? 1, 1e-9...1e9), ("label_dropout", labelDropout, 0...1),
      ("label_smoothing", labelSmoothing, 0...0.9), ("dropout", dropout ?? 0, 0...0.95),
    ]
    if let (name, value, range) = rates.first(where: { !$0.2.contains($0.1) }) {
      return "\(name) is \(value); \(range.lowerBound) to \(range.upperBound) is possible"
    }
    if warmUp < 0 || shift < 0 { return "warm_up and shift are not negative" }
    return nil
  }

  /// The learning rate of a step, the first of which is step 0.
  ///
  /// ```
  /// rate = largest * (step + 1) / warmUp                                            in the warm-up
  /// rate = largest * (final + (1 - final) * (1 + cos(pi * progress)) / 2)           afterwards, by a cosine
  /// ```
  public func learningRate(at step: Int) -> Double {
    if step < warmUp { return learningRate * Double(step + 1) / Double(warmUp) }
    switch learningRateSchedule {
    case .constant:
      return learningRate
    case .cosine:
      let progress = min(1, Double(step - warmUp) / Double(max(1, steps - warmUp)))
      return learningRate * (finalLearningRate + (1 - finalLearningRate) * (1 + cos(Double.pi * progress)) / 2)
    }
  }

  /// The decay of the EMA weights at a step.
  public func emaDecay(at step: Int) -> Double { min(emaDecay, Double(1 + step) / Double(10 + step)) }
}
