import ArgumentParser
import DiffuseGPU

struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Describe a model: parameters, operations, memory, scheduler.")

  @Argument(help: ArgumentHelp("A diffusers model directory; the embedded MNIST model by default.", valueName: "model"))
  var model: String?

  @Option(help: ArgumentHelp("Images of one evaluation.", valueName: "count"))
  var batch = 1

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    guard batch >= 1 else { throw PipelineError("--batch \(batch): at least 1 is needed") }
    let console = outputOptions.console
    let model = try Model(self.model)
    for warning in model.warnings { console.note(warning) }
    let divisor = model.network.configuration.sizeDivisor
    let shape = model.imageShape ?? model.imageShape(.init(height: 32 * divisor, width: 32 * divisor))
    let summary = try ModelSummary(of: model.network, shape, batch: batch)
    let scheduler = try SamplingPipeline.schedulerDescription(model)
    let statistics = model.statistics.map { "\($0.moments.count) images, \($0.moments.rank) directions" }
    let calls = summary.operations.sorted { $0.key.rawValue < $1.key.rawValue }
    console.result(
      """
      model        \(model.name)
      images       \(shape)\(model.imageShape == nil ? " (the configuration names no size)" : "")
      parameters   \(summary.parameterCount)
      operations   \(rounded(Double(summary.floatingPointOperations) / 1e9, digits: 3)) GFLOP an evaluation of batch \(batch)
      activations  \(MemorySize(bytes: summary.activationBytes)) at once
      calls        \(calls.map { "\($0.value) \($0.key.rawValue)" }.joined(separator: ", "))
      scheduler    \(scheduler ?? "none")
      statistics   \(statistics ?? "none")
      """,
      json: .object([
        "model": .string(model.name), "image": .string(shape.description),
        "parameters": .number(Double(summary.parameterCount)),
        "floating_point_operations": .number(Double(summary.floatingPointOperations)),
        "batch": .number(Double(batch)), "activation_bytes": .number(Double(summary.activationBytes)),
        "calls": .object(Dictionary(uniqueKeysWithValues: calls.map { ($0.key.rawValue, .number(Double($0.value))) })),
        "scheduler": scheduler.map { .string($0) } ?? .null, "statistics": statistics.map { .string($0) } ?? .null,
      ]))
  }
}
