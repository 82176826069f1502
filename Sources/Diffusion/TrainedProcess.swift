/// What a model was trained with, as far as its sampling depends on it: the noise, what was predicted, and the data's range.
public struct TrainedProcess: Sendable, Hashable {
  /// The noise levels of the training steps; the last may hold nothing of the data.
  public var schedule: NoiseSchedule
  /// What the model is given and what it returns.
  public var parametrization: Parametrization
  /// The limit of estimates of the clean data: clipping or thresholding.
  public var limit: DenoisedLimit

  /// A process of any network.
  public init(schedule: NoiseSchedule, parametrization: Parametrization, limit: DenoisedLimit = .none) {
    self.schedule = schedule
    self.parametrization = parametrization
    self.limit = limit
  }

  /// A process; by default that of Ho, Jain and Abbeel (2020), with estimates left as they are.
  public init(
    schedule: NoiseSchedule = .linear(), predictionType: PredictionType = .epsilon, limit: DenoisedLimit = .none
  ) {
    self.init(schedule: schedule, parametrization: .predicts(predictionType), limit: limit)
  }
}
