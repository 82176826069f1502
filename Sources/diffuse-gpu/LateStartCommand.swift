import ArgumentParser

struct LateStartCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "late-start",
    abstract: "Find out where runs of a model may begin.",
    subcommands: [LateStartScanCommand.self])
}
