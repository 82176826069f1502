import ArgumentParser
import DiffuseGPU

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Join the parts that `sample --shard` and `late-start scan --shard` have made.",
    discussion: """
      What is written equals the output of one run on one machine byte for byte, the record beside it included. Parts may be named in any \
      order; gaps, parts of other runs and parts that were stopped are refused. Folders that the parts have in common are joined in \
      place: merge pictures/ pictures/. Folders of scans give their cells to one, in which the scan without --shard goes on.

      Examples:
        for i in 0 1 2 3; do diffuse-gpu sample --count 1000 --shard $i/4 --output digits.npz; done
        diffuse-gpu merge digits.npz digits.part-*.npz
        diffuse-gpu merge scan scan.part-*
      """)

  @Argument(help: ArgumentHelp("The .npz or .npy file or the folder to write.", valueName: "output"))
  var output: String

  @Argument(help: ArgumentHelp("The parts: arrays with their records beside them, or folders.", valueName: "parts"))
  var parts: [String]

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    guard !parts.contains(where: StudyMerge.isStudy) else { return try mergeStudies() }
    let merge = try RunMerge(parts)
    let count = try merge.write(to: output)
    try outputOptions.console.result(
      "\(output): \(count) images of \(parts.count) \(parts.count == 1 ? "part" : "parts")",
      json: .object(["output": .string(output), "images": .number(Double(count))]))
  }

  private func mergeStudies() throws {
    let count = try StudyMerge.merge(parts, into: output)
    try outputOptions.console.result(
      "\(output): \(count) cells; `late-start scan` with the arguments of the parts, without --shard, goes on there",
      json: .object(["output": .string(output), "cells": .number(Double(count))]))
  }
}
