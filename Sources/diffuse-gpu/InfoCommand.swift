import ArgumentParser
import DiffuseGPU
import Foundation

struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Describe a model: parameters, operations, memory, scheduler. Or list what is in a file of tensors.",
    discussion: """
      Of a file - safetensors, .npz, or one of PyTorch: .pt, .pth, .ckpt, .bin, .pkl - the tensors are listed, and all names of its pickle: \
      those that are understood, and those that Python would import or run, which are inert here. Nothing of a file is run. The list is \
      made of a damaged or hostile file as well, as far as it can be read, and says what is wrong.
      """)

  @Argument(
    help: ArgumentHelp(
      "A diffusers model directory, or a file of tensors; the pretrained MNIST model by default.", valueName: "model"))
  var model: String?

  @Option(help: ArgumentHelp("Images of one evaluation.", valueName: "count"))
  var batch = 1

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    try checkNumber("--batch", batch, in: 1...SamplingSettings.largestBatch)
    let console = outputOptions.console
    if let path = self.model, isFile(path), !isModel(path) { return try list(path, console) }
    let model = try Model(ModelDirectory.found(self.model, note: console.note), note: console.note)
    let divisor = model.network.sizeDivisor
    let shape = model.imageShape ?? model.imageShape(.init(height: 32 * divisor, width: 32 * divisor))
    let summary = try summary(of: model, shape)
    let scheduler = try model.scheduler.map(Self.text)
    let statistics = try model.statistics?.summary()
    let statisticsText = statistics.map(Self.text)
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

  /// Lists a file of tensors.
  private func list(_ path: String, _ console: Console) throws {
    let listing = try TensorListing(path)
    try console.result(listing.text(of: path), json: listing.json(of: path))
  }

  /// Whether a file is the weights of a model whose configuration lies beside it.
  private func isModel(_ path: String) -> Bool {
    let folder = (path as NSString).deletingLastPathComponent
    return path.hasSuffix(".safetensors") && isFile((folder as NSString).appendingPathComponent("config.json"))
  }

  private func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
  }

  private func summary(of model: Model, _ shape: ImageShape) throws(CommandError) -> ModelSummary {
    do throws(NetworkError) {
      return try ModelSummary(of: model.network, shape, batch: batch)
    } catch {
      throw CommandError("--batch \(batch): \(error)")
    }
  }

  /// Statistics in one line.
  private static func text(of statistics: ImageStatisticsSummary) -> String {
    let classes = statistics.classCounts.isEmpty ? "" : ", \(statistics.classCounts.count) classes"
    return "\(statistics.count) images, \(statistics.rank) directions\(classes)"
      + (statistics.origin.map { "; \($0.text)" } ?? "")
  }

  /// A scheduler in one line; throws if it could not be sampled with.
  private static func text(of configuration: SchedulerConfiguration) throws -> String {
    let scheduler = try Scheduler(configuration)
    return """
      \(configuration.className ?? ""), \(scheduler.schedule.count) training steps, \
      predicts \(scheduler.parametrization)
      """
  }
}
