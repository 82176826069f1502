public import Compute
public import Datasets
public import Diffusion
import Random
public import Networks
public import Tensors

/// The training of a denoiser: mean square error of what it predicts of noised images (Ho, Jain and Abbeel 2020, equation 14).
///
/// ```
/// x_t  = alpha_t x_0 + sigma_t noise
/// loss = mean over the batch of w(t) * mean over pixels of (network(x_t, t) - target)^2
/// ```
///
/// The target is the noise, the image, or `v = alpha_t noise - sigma_t x_0` (Salimans and Ho 2022). `w(t)` is one, or
/// Min-SNR's `min(snr, gamma) / snr` for the noise, `min(snr, gamma)` for the image and `min(snr, gamma) / (snr + 1)` for v,
/// `snr` being `(alpha / sigma)^2` (Hang et al. 2023). With labels, some are replaced by the one past the last, which
/// stands for no class (Ho and Salimans 2022).
public final class DiffusionTask: TrainingTask {
  /// The network.
  public let network: any DenoisingNetwork
  /// The noise levels of the training steps.
  public let schedule: NoiseSchedule

  private let settings: TrainingSettings
  private var sampler: TimeSampler

  /// A task.
  public init(_ network: any DenoisingNetwork, _ schedule: NoiseSchedule, _ settings: TrainingSettings) {
    self.network = network
    self.schedule = schedule
    self.settings = settings
    sampler = TimeSampler(settings.times, count: schedule.count)
  }

  /// The network's.
  public var parameters: [NamedParameter] { network.parameters }

  /// What importance sampling has seen.
  public var state: [String: [Float]] { sampler.state }

  /// Goes on with what importance sampling has seen.
  public func restore(_ state: [String: [Float]]) throws(TrainingError) { try sampler.restore(state) }

  /// One image at one time.
  public func rehearse(_ shape: ImageShape, on backend: any Backend) throws {
    _ = try network.forward(
      .zeros(shape, on: backend), timesteps: [0], classLabels: network.exampleLabel, tape: nil)
  }

  /// Draws times, noise and dropped labels by the images' places in the whole batch, and takes the gradients.
  public func takeGradients(of batch: TrainingBatch, step: Int, _ tape: Tape) throws -> [Double] {
    var generator = generator(of: step)
    let (times, weights) = sampler.draw(batch.stepCount, &generator)
    let images = batch.tensor(on: tape.backend)
    let noise = Tensor.noise(
      Array(images.shape.dropFirst()), seeds: batch.places.map { settings.seed &+ UInt64($0) },
      key: .init(step: UInt32(step)), on: tape.backend)
    let share = Double(batch.places.count) / Double(batch.stepCount)
    return try takeGradients(
      images: images, noise: noise, times: Array(times[batch.places]),
      weights: weights[batch.places].map { $0 * share },
      labels: labels(of: batch, &generator), tape)
  }

  /// The mean of the weighted losses; importance sampling remembers them as they are.
  public func loss(of losses: [Double], step: Int) -> Double {
    var generator = generator(of: step)
    let (times, weights) = sampler.draw(losses.count, &generator)
    sampler.remember(losses, at: times)
    return zip(losses, weights).reduce(0) { $0 + $1.0 * $1.1 } / Double(losses.count)
  }

  /// What times and dropped labels of a step are drawn with.
  private func generator(of step: Int) -> SplitMix { SplitMix(seed: settings.seed, 3, UInt64(step)) }

  /// Takes the gradients of given images, noise and times.
  ///
  /// - Parameters:
  ///   - images: `x_0`, `[batch, channels, height, width]`.
  ///   - noise: Of the same shape.
  ///   - times: The training step of each image.
  ///   - weights: A factor of each image's loss, besides `w(t)`; by default one.
  ///   - labels: The class of each image, for networks that take one.
  ///   - tape: Where gradients go.
  /// - Returns: The loss of each image with `w(t)`, without `weights`.
  public func takeGradients(
    images: Tensor, noise: Tensor, times: [Int], weights: [Double]? = nil, labels: [Double]? = nil, _ tape: Tape
  ) throws -> [Double] {
    let levels = times.map { schedule.level(at: $0) }, count = times.count
    let (alphas, sigmas) = (levels.map { Float($0.alpha) }, levels.map { Float($0.sigma) })
    let x = Tensor.combination([(1, images.scaledRows(by: alphas)), (1, noise.scaledRows(by: sigmas))])
    let target: Tensor =
      switch settings.prediction {
      case .epsilon: noise
      case .sample: images
      case .velocity:
        Tensor.combination([(1, noise.scaledRows(by: alphas)), (-1, images.scaledRows(by: sigmas))])
      }
    let timesteps = times.map { Double($0) }
    let result = try network.forward(x, timesteps: timesteps, classLabels: labels, tape: tape)
    let factors = network.outputFactors(timesteps)
    let output = factors.map { result.tensor().scaledRows(by: $0) } ?? result.tensor()
    let difference = Tensor.combination([(1, output), (-1, target)])
    let size = Double(difference.count / count)
    let own = levels.map(weight)
    let slopes = (0..<count).map { place in
      2 * own[place] * (weights?[place] ?? 1) * Double(factors?[place] ?? 1) / (size * Double(count))
    }
    tape.backward(from: result, gradient: difference.scaledRows(by: slopes.map { Float($0) }))
    return try zip(difference.rowSquares().values(), own).map { Double($0) * $1 / size }
  }

  /// `w(t)`.
  private func weight(_ level: NoiseLevel) -> Double {
    guard let limit = settings.snrLimit else { return 1 }
    let ratio = level.alpha * level.alpha / (level.sigma * level.sigma), limited = min(ratio, limit)
    return switch settings.prediction {
    case .epsilon: limited / ratio
    case .sample: limited
    case .velocity: limited / (ratio + 1)
    }
  }

  /// The labels that the network is given; the last row of its table stands for none.
  private func labels(of batch: TrainingBatch, _ generator: inout SplitMix) -> [Double]? {
    guard let kind = settings.label, let rows = network.classCount else { return nil }
    let draws = (0..<batch.stepCount).map { _ in generator.uniform() }
    return zip(batch.labels[kind], draws[batch.places]).map { label, draw in
      Double(draw < settings.labelDropout ? rows - 1 : label)
    }
  }
}
