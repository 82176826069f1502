import ArgumentParser
import DiffuseGPU

struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Describe a model: parameters, operations, memory, scheduler.")

  @Argument(
    help: ArgumentHelp("A diffusers model directory; the pretrained MNIST model by default.", valueName: "model"))
  var model: String?

  @Option(help: ArgumentHelp("Images of one evaluation.", valueName: "count"))
  var batch = 1

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    try checkNumber("--batch", batch, in: 1...SamplingSettings.largestBatch)
    let console = outputOptions.console
    let model = try Model(ModelDirectory.found(self.model))
    for warning in model.warnings { console.note(warning) }
    let divisor = model.network.sizeDivisor
    let shape = model.imageShape ?? model.imageShape(.init(height: 32 * divisor, width: 32 * divisor))
    let summary = try summary(of: model, shape)
    let scheduler = try model.scheduler.map(Self.text)
    let statistics = try model.statistics?.summary()
    let statisticsText = statistics.map { "\($0.count) images, \($0.rank) directions" }
    let report = try model.lateStartFit().map { try LateStartReport($0, of: model) }
    let lateStart = report?.text(steps: [10, 5, 3]).split(separator: "\n").joined(separator: "\n             ")
    let calls = summary.operations.sorted { $0.key.rawValue < $1.key.rawValue }
    try console.result(
      """
      model        \(model.name)
      images       \(shape)\(model.imageShape == nil ? " (the configuration names no size)" : "")
      parameters   \(summary.parameterCount)
      operations   \(rounded(Double(summary.floatingPointOperations) / 1e9, digits: 3)) GFLOP an evaluation of batch \(batch)
      activations  \(ByteCount(summary.activationBytes)) at once
      calls        \(calls.map { "\($0.value) \($0.key.rawValue)" }.joined(separator: ", "))
      scheduler    \(scheduler ?? "none")
      statistics   \(statisticsText ?? "none")
      late start   \(lateStart ?? "none")
      """,
      json: .object([
        "model": .string(model.name), "image": .string(shape.description),
        "parameters": .number(Double(summary.parameterCount)),
        "floating_point_operations": .number(Double(summary.floatingPointOperations)),
        "batch": .number(Double(batch)), "activation_bytes": .number(Double(summary.activationBytes)),
        "calls": .object(Dictionary(uniqueKeysWithValues: calls.map { ($0.key.rawValue, .number(Double($0.value))) })),
        "scheduler": scheduler.map { .string($0) } ?? .null, "statistics": statisticsText.map { .string($0) } ?? .null,
        "late_start": report?.json ?? .null,
      ]))
  }

  private func summary(of model: Model, _ shape: ImageShape) throws(CommandError) -> ModelSummary {
    do throws(NetworkError) {
      return try ModelSummary(of: model.network, shape, batch: batch)
    } catch {
      throw CommandError("--batch \(batch): \(error)")
    }
  }

  /// A scheduler in one line; throws if it could not be sampled with.
  private static func text(of configuration: SchedulerConfiguration) throws -> String {
    let scheduler = try Scheduler(configuration)
    return """
      \(configuration.className ?? ""), \(scheduler.schedule.count) training steps, \
      predicts \(scheduler.predictionType.rawValue)
      """
  }
}
