import ArgumentParser
import DiffuseGPU

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Run the conformance list on a device.")

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
  }
}
