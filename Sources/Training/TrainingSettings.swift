public import Diffusion
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
  /// Images of a step, 1 to 1,048,576.
  public var batch = 64
  /// Parts of a batch, which are done one after the other or by several ranks: a power of two that divides the batch.
  ///
  /// Their gradients are added in a binary tree, so that a run depends on the number of parts in its last digits, and on the number of
  /// ranks not at all.
  public var parts = 1
  /// Steps in all, 1 to 99,999,999.
  public var steps = 6000
  /// The seed of everything that is random.
  public var seed: UInt64 = 0
  /// The largest learning rate.
  public var learningRate = 1e-3
  /// Steps in which the learning rate grows to its largest, 0 to 99,999,999.
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
  /// By how many pixels images are moved at most, 0 to 65,536.
  public var shift = 0
  /// Whether uniform noise dequantizes bytes, each within its own interval.
  public var dequantizes = false
  /// The dropout of residual blocks, or nil for the configuration's.
  public var dropout: Double?
  /// Which kind of label conditions the network, 0 to 1,023, or nil for none.
  public var label: Int?
  /// Whether the backward pass evaluates blocks again, which saves memory (gradient checkpointing).
  public var checkpointsBlocks = false

  /// The names in files, which are older than some of the names here; as JSON they have underscores.
  private enum CodingKeys: String, CodingKey {
    case task, batch, parts, steps, seed, learningRate, warmUp, epsilon, weightDecay, clipNorm, prediction, times,
      snrLimit, labelDropout, labelSmoothing, flips, shift, dequantizes, dropout, label, checkpointsBlocks
    case beta1 = "firstDecay"
    case beta2 = "secondDecay"
    case emaDecay = "averageDecay"
    case learningRateSchedule = "rateSchedule"
    case finalLearningRate = "finalRate"
  }

  /// The defaults: a small denoiser of small images.
  public init() {}

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
