/// The numbers of one step of Adam, the same for all parameters.
public struct AdamStep: Sendable, Hashable {
  /// The learning rate.
  public var learningRate: Double
  /// How much of the mean of gradients is kept.
  public var beta1: Double
  /// How much of the mean of squared gradients is kept.
  public var beta2: Double
  /// Added to the root of the second mean.
  public var epsilon: Double
  /// How much of a parameter is taken away, times the learning rate, apart from the gradient (AdamW).
  public var weightDecay: Double
  /// Steps done, this one included.
  public var count: Int
  /// A factor of every gradient, one that clips their norm.
  public var gradientScale: Double
  /// The decay of the exponential moving average of parameters (EMA).
  public var emaDecay: Double

  /// A step; the defaults are those of PyTorch, without weight decay and with an average that only follows.
  public init(
    learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    weightDecay: Double = 0, count: Int, gradientScale: Double = 1, emaDecay: Double = 0
  ) {
    precondition(count > 0, "the first step has the count one")
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.count = count
    self.gradientScale = gradientScale
    self.emaDecay = emaDecay
  }

  /// The learning rate over `1 - beta1^count`.
  public var correctedRate: Double { learningRate / (1 - Self.power(beta1, count)) }

  /// `1 / (1 - beta2^count)`, the factor of the second mean under the root.
  public var secondCorrection: Double { 1 / (1 - Self.power(beta2, count)) }

  /// A power by repeated squaring, so that this floor needs no mathematical library.
  private static func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0, square = base, left = exponent
    while left > 0 {
      if left & 1 == 1 { result *= square }
      square *= square
      left >>= 1
    }
    return result
  }
}

/// What an optimiser keeps of a parameter, each of the parameter's length.
public struct AdamState {
  /// The values, which the step changes.
  public var values: Buffer
  /// The running mean of gradients.
  public var firstMoment: Buffer
  /// The running mean of squared gradients.
  public var secondMoment: Buffer
  /// The running mean of the values.
  public var average: Buffer

  /// The state of one parameter.
  public init(values: Buffer, firstMoment: Buffer, secondMoment: Buffer, average: Buffer) {
    self.values = values
    self.firstMoment = firstMoment
    self.secondMoment = secondMoment
    self.average = average
  }
}

extension AdamState {
  /// Stops the program if the state is not of the gradient's length.
  package func check(gradient: Buffer) {
    let counts = [values, firstMoment, secondMoment, average].map(\.count)
    precondition(counts.allSatisfy { $0 == gradient.count }, "\(gradient.count) values in all five, not \(counts)")
  }
}

/// Changes of parameters.
public protocol OptimizerOperations: AnyObject {
  /// One step of Adam (Kingma and Ba 2015) with decoupled weight decay (Loshchilov and Hutter 2019) and a running mean of the
  /// parameters, in one pass.
  ///
  /// ```
  /// g = gradientScale * gradient
  /// m = beta1 * m + (1 - beta1) * g          v = beta2 * v + (1 - beta2) * g^2
  /// w = w * (1 - rate * weightDecay) - rate / (1 - beta1^count) * m / (sqrt(v / (1 - beta2^count)) + epsilon)
  /// average = emaDecay * average + (1 - emaDecay) * w
  /// ```
  func adamStep(_ step: AdamStep, gradient: Buffer, _ state: AdamState)
}
