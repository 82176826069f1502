import ArgumentParser
import DiffuseGPU
import Foundation

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make a model directory with random weights, as PyTorch initialises them.",
    discussion: """
      The weights are those that diffusers' UNet2DModel has after torch.manual_seed(S), so that comparisons need no checkpoint.
      """)

  @Argument(help: ArgumentHelp("A config.json of a UNet2DModel.", valueName: "config"))
  var config: String

  @Option(help: ArgumentHelp("The seed.", valueName: "seed"))
  var seed: UInt64 = 0

  @Option(name: .shortAndLong, help: ArgumentHelp("The directory to make.", valueName: "directory"))
  var output: String

  @Option(help: ArgumentHelp("The form of the weights: F32, F16 or BF16.", valueName: "type"))
  var type = "F32"

  @OptionGroup
  var outputOptions: OutputOptions

  /// Refuses a network whose weights, once as numbers and once as a file, are more than the machine's memory.
  private func checkMemory(_ configuration: UNetConfiguration) throws(CommandError) {
    let available = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    let needed = 8 * configuration.parameterCount
    guard needed <= available else {
      throw CommandError(
        "\(config): \(configuration.parameterCount) parameters take \(ByteCount(needed)) to make; there are "
          + "\(ByteCount(available))")
    }
  }

  func run() throws {
    let form = try weightType(type, flag: "--type")
    let (configuration, warnings) = try UNetConfiguration.read(JSONValue(contentsOf: config), path: config)
    for warning in warnings { outputOptions.console.note(warning) }
    try checkMemory(configuration)
    let parameters = InitialParameters(seed: seed, configurationPath: config)
    try ModelWriter(type: form).write(configuration, parameters: parameters, to: output)
    try outputOptions.console.result(
      "\(output): random weights of seed \(seed)",
      json: .object(["output": .string(output), "seed": .number(Double(seed))]))
  }
}
