import ArgumentParser

/// Symmetry breaking, measured: a group of commands, each in a file of its own.
struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Measure where and how a model's symmetry breaks.",
    discussion: """
      Generation relaxes to a central fixed point, which then loses its stability; what a sample becomes is decided there (Raya and \
      Ambrogioni 2023).
      """,
    subcommands: [
      AnalyzeFixedPointsCommand.self, AnalyzeNetworkCommand.self, AnalyzePotentialCommand.self,
      AnalyzeDynamicsCommand.self,
    ])
}
