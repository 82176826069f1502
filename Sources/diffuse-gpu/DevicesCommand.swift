import ArgumentParser
import DiffuseGPU

struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices",
    abstract: "List the devices of this machine.")

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
  }
}
