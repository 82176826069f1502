public import Charts
public import Diffusion
public import Files
public import Models
public import SymmetryBreaking

/// What a fit says about late starts, for people and other programs: crossover, divergences, and the start for any number of steps.
public struct LateStartReport: Sendable {
  /// A divergence from the Gaussian at a training step.
  public struct Divergence: Sendable, Hashable {
    /// The training step.
    public var step: Int
    /// In nats, from the levels at which the denoiser predicts better.
    public var nats: Double
    /// Its standard error; nil for a fit that was read from a file.
    public var standardError: Double?
    /// In nats, from all levels.
    public var unclipped: Double
  }

  /// Samplers that evaluate the denoiser at the same levels, and their scheduler.
  public struct Family: Sendable {
    /// The sampler that stands for all of them.
    public let name: SamplerName
    /// All of them.
    public let members: [SamplerName]
    /// The scheduler of the first.
    public let scheduler: Scheduler
  }

  /// The numbers of steps of the tables.
  public static let steps = 1...50

  /// The fit.
  public let fit: LateStartFit
  /// What follows from it.
  public let times: StartTime
  /// The divergences at evenly spaced training steps, twenty or so.
  public let divergences: [Divergence]
  /// The samplers by their grids.
  public let families: [Family]

  /// The report of a fit.
  ///
  /// - Parameters:
  ///   - fit: The fit.
  ///   - model: Its model.
  ///   - differences: The differences of every draw, where the fit has just been made.
  /// - Throws: An error of the model's scheduler.
  public init(_ fit: LateStartFit, of model: any DiffusionModel, differences: [[Double]]? = nil) throws {
    self.fit = fit
    let schedule = try model.scheduler(.named(.ddim), .init(), clipSample: true).scheduler.schedule
    let curve = fit.curve
    times = fit.startTime(on: schedule)
    let spacing = max(1, (schedule.count + 10) / 20)
    let steps = stride(from: spacing, through: schedule.last, by: spacing).filter {
      (curve.levels[0].signalToNoise..<fit.rule.detail).contains(schedule.level(at: $0).signalToNoise)
    }
    let ratios = steps.map { schedule.level(at: $0).signalToNoise }
    let errors = differences.map { curve.standardErrors(of: $0, at: ratios) }
    divergences = steps.indices.map {
      Divergence(
        step: steps[$0], nats: curve.divergence(at: ratios[$0]), standardError: errors?[$0],
        unclipped: curve.unclippedDivergence(at: ratios[$0]))
    }
    families = try Self.families(of: model, last: schedule.last)
  }

  /// The samplers of a model, those together whose late starts evaluate at the same levels.
  private static func families(of model: any DiffusionModel, last: Int) throws -> [Family] {
    let start = max(1, last / 2), steps = min(10, start)
    var found: [(levels: [NoiseLevel], names: [SamplerName], scheduler: Scheduler)] = []
    for name in SamplerName.allCases.sorted(by: { $0 == .ddim && $1 != .ddim }) {
      let scheduler = try model.scheduler(.named(name), .init(), clipSample: true).scheduler
      let levels = try scheduler.plan(steps: steps, startingAt: start).steps.flatMap { [$0.from] + $0.inner }
      if let place = found.firstIndex(where: { $0.levels == levels }) {
        found[place].names.append(name)
      } else {
        found.append((levels, [name], scheduler))
      }
    }
    return found.map { Family(name: $0.names[0], members: $0.names, scheduler: $0.scheduler) }
  }

  /// The start of a number of steps of DDIM or of another family, or nil if there is none.
  public func start(steps: Int, of family: Family? = nil) -> StartTime.Choice? {
    (family ?? families.first).flatMap { times.choice(steps: steps, $0.scheduler) }
  }

  /// The document: the fit, and the tables that follow from it.
  ///
  /// `kl` holds pairs of training step and nats; `starts` the training step for each number of steps by sampler, `intervals` those that
  /// cost at most a tenth more, and `samplers` for whom each sampler stands.
  public var json: JSONValue {
    var members = fit.json.object ?? [:]
    members["crossover"] = times.crossover.map { .number(Double($0)) } ?? .null
    members["guidance_interval"] =
      times.guidanceInterval.map { .array([.number(Double($0.lowerBound)), .number(Double($0.upperBound))]) } ?? .null
    func pairs(_ value: (Divergence) -> Double?) -> JSONValue {
      .array(
        divergences.compactMap { entry in
          value(entry).map { .array([.number(Double(entry.step)), .number($0)]) }
        })
    }
    members["kl"] = pairs(\.nats)
    members["kl_standard_error"] = pairs(\.standardError)
    members["kl_unclipped"] = pairs(\.unclipped)
    var starts: [String: JSONValue] = [:], intervals = starts, samplers = starts
    for family in families {
      let choices = Self.steps.compactMap { steps in start(steps: steps, of: family).map { (String(steps), $0) } }
      starts[family.name.rawValue] = .object(
        Dictionary(uniqueKeysWithValues: choices.map { ($0.0, .number(Double($0.1.start))) }))
      intervals[family.name.rawValue] = .object(
        Dictionary(
          uniqueKeysWithValues: choices.map { steps, choice in
            (steps, .array([.number(Double(choice.interval.lowerBound)), .number(Double(choice.interval.upperBound))]))
          }))
      samplers[family.name.rawValue] = .array(family.members.map { .string($0.rawValue) })
    }
    members["starts"] = .object(starts)
    members["intervals"] = .object(intervals)
    members["samplers"] = .object(samplers)
    return .object(members)
  }
}

extension LateStartReport {
  /// Both errors and their sum against the start, for some numbers of DDIM steps.
  public func chart(steps: [Int]) -> LineChart {
    var lines: [LineChart.Line] = [], markers: [LineChart.Marker] = []
    for (place, count) in steps.enumerated() {
      guard let family = families.first else { continue }
      // Far from the least the sum says nothing, and would take most of the chart.
      let all = times.costs(steps: count, family.scheduler), least = all.map(\.sum).min() ?? 0
      let costs = all.filter { $0.sum <= 10 * least }
      func line(_ name: String, isFaint: Bool = false, _ value: (StartTime.Cost) -> Double) -> LineChart.Line {
        .init(name, costs.map { .init(Double($0.start), value($0)) }, isFaint: isFaint, hasDots: false)
      }
      if place == 0 { lines.append(line("start", isFaint: true, \.divergence)) }
      lines += [line("\(count) steps", isFaint: true, \.discretization), line("sum, \(count)", \.sum)]
      if let best = times.choice(steps: count, family.scheduler) {
        markers.append(.init(Double(best.start), "\(best.start)"))
      }
    }
    return LineChart(
      title: "What a late start loses",
      description: """
        Nats against the training step at which a run starts: the error of the start, which falls with the step and counts \
        \(JSONValue.number(fit.rule.weight).line) times, the error of the steps below it, which rises, and their sum. Rules stand at \
        the least sums.
        """,
      x: Axis("start, training step"), y: Axis("loss, nats", scale: .logarithmic), lines: lines, markers: markers
    )
  }
}
