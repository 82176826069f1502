import Compute
import Diffusion
import Files
import Models
import Tensors

extension SamplingSettings {
  /// The largest batch that may be asked for.
  public static let largestBatch = 1 << 20
  /// The most rows or columns of a sample.
  public static let largestExtent = 1 << 16

  /// Checks that every number is within its range, before anything is read or made.
  ///
  /// - Throws: ``PipelineError/number(setting:fault:)`` naming the first that is not.
  func check() throws(PipelineError) {
    try Self.check("steps") { () throws(NumberFault) in try steps?.checked(in: 1...SamplerError.largestSteps) }
    try Self.check("batch") { () throws(NumberFault) in try batch?.checked(in: 1...Self.largestBatch) }
    try Self.check("guidance") { () throws(NumberFault) in try guidance.checked(in: -1000...1000) }
    for end in [guidanceInterval?.lowerBound, guidanceInterval?.upperBound] {
      try Self.check("guidance_interval") { () throws(NumberFault) in
        try end?.checked(in: 0...NoiseSchedule.largestCount)
      }
    }
    try Self.check("eta") { () throws(NumberFault) in try options.eta.checked(in: 0...1) }
    try Self.check("churn") { () throws(NumberFault) in try options.churn.amount.checked(in: 0...1e6) }
    try Self.check("churn_noise") { () throws(NumberFault) in try options.churn.noise.checked(in: 0...10) }
    for extent in [size?.height, size?.width] {
      try Self.check("size") { () throws(NumberFault) in try extent?.checked(in: 1...Self.largestExtent) }
    }
  }

  /// Does a check, and words its fault by the setting's name.
  static func check(_ setting: String, _ body: () throws(NumberFault) -> Int?) throws(PipelineError) {
    do throws(NumberFault) {
      _ = try body()
    } catch {
      throw .number(setting: setting, fault: error)
    }
  }

  /// Does a check, and words its fault by the setting's name.
  static func check(_ setting: String, _ body: () throws(NumberFault) -> Double) throws(PipelineError) {
    do throws(NumberFault) {
      _ = try body()
    } catch {
      throw .number(setting: setting, fault: error)
    }
  }
}

extension SamplingPipeline {
  /// Whether recorded noise and images are as many as the seeds.
  static func check(_ inputs: SamplingInputs, _ settings: SamplingSettings, _ shape: ImageShape) throws(PipelineError) {
    let count = settings.seeds.count * shape.count, expected = "for \(settings.seeds.count) images of \(shape)"
    if case .images = settings.start, inputs.images?.count != count {
      throw .inputImages(path: nil, fault: "\(inputs.images?.count ?? 0) values \(expected)")
    }
    guard let noise = inputs.noise else { return }
    guard noise.initial.count == count else {
      throw .initialNoise(path: nil, fault: "\(noise.initial.count) values \(expected)")
    }
    guard noise.draws.allSatisfy({ $0.count == count }) else {
      throw .stepNoise(path: nil, fault: "a draw does not hold \(settings.seeds.count) images of \(shape)")
    }
  }

  /// What about a run may surprise, in one line each.
  static func notices(
    _ settings: SamplingSettings, _ model: any DiffusionModel, _ plan: SamplingPlan, _ scheduler: Scheduler
  )
    -> [String]
  {
    var notices: [String] = []
    if settings.guidance != 1, let rows = model.classCount {
      notices.append(
        "guidance takes row \(rows - 1), the last of the table of classes, for no class; a network that was trained without "
          + "such a row has none")
    }
    // A thousandth is a tenth of what customary schedules leave.
    if plan.start.alpha < 1e-3, scheduler.parametrization == .predicts(.epsilon), scheduler.sampler.limit == .none {
      notices.append(
        "nothing of the data is left where the run begins, and predicted noise says nothing about them there; estimates that "
          + "are not clipped grow without limit")
    }
    return notices
  }

  /// Checks that a batch's samples are numbers.
  ///
  /// - Throws: ``PipelineError/notFinite(seeds:)`` naming the seeds of those that are not.
  static func checkFinite(_ values: [Float], _ seeds: ArraySlice<UInt64>, _ shape: ImageShape) throws(PipelineError) {
    let faulty = zip(seeds, stride(from: 0, to: values.count, by: shape.count)).filter { _, start in
      !values[start..<start + shape.count].allSatisfy(\.isFinite)
    }
    guard faulty.isEmpty else { throw .notFinite(seeds: faulty.map(\.0)) }
  }
}
