import ArgumentParser

struct LateStartCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "late-start",
    abstract: "Find out where a run may start late.",
    subcommands: [LateStartFitCommand.self])
}
