import ArgumentParser
import DiffuseGPU
import Foundation

struct ForwardCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "forward",
    abstract: "Evaluate a network once.",
    discussion: "For comparisons with other programs: arrays in, an array out, all of them .npy files.")

  @OptionGroup
  var network: NetworkOptions

  @Option(help: ArgumentHelp("The noisy images, [batch, channels, height, width].", valueName: "file"))
  var input: String

  @Option(help: ArgumentHelp("One time a sample, or one for all.", valueName: "file"))
  var timesteps: String

  @Option(help: ArgumentHelp("One class a sample, for class-conditional networks.", valueName: "file"))
  var classLabels: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("The result, .npy.", valueName: "file"))
  var output: String

  @Option(
    name: .customLong("repeat"),
    help: ArgumentHelp("Evaluations to time; the first prepares weights.", valueName: "times"))
  var repetitions = 1

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let console = outputOptions.console
    try checkNumber("--repeat", repetitions, in: 1...1_000_000)
    try OutputFile.checkDistinct([output], readFrom: [input, timesteps] + [classLabels].compactMap(\.self))
    try OutputFile.checkWritable(output)
    let model = try Model(network.found(note: console.note), note: console.note)
    let pass = try forwardPass(model)
    let backend = try device.open(console)
    let (result, seconds) = try pass.run(on: backend, repetitions: repetitions)
    try OutputFile.write(result.encoded(), to: output)
    try console.result(
      "\(output): \(result.shape), \(rounded(seconds.min() ?? 0, digits: 4)) s on \(backend.device.name)",
      json: .object([
        "output": .string(output), "device": .string(backend.device.name),
        "shape": .array(result.shape.map { .number(Double($0)) }), "seconds": .array(seconds.map { .number($0) }),
        "peak_memory": .number(Double(backend.memoryUse.peak)),
      ]))
  }

  private func forwardPass(_ model: Model) throws -> ForwardPass {
    do {
      return try ForwardPass(model, input: input, timesteps: timesteps, classLabels: classLabels)
    } catch let error as NetworkError {
      throw CommandError("--input \(input): \(error)")
    }
  }
}
