import ArgumentParser

@main
struct DiffuseGPUCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "diffuse-gpu")
}
