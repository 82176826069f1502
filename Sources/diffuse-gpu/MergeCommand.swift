import ArgumentParser
import DiffuseGPU
import Foundation

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Join the parts that sample, statistics, evaluate and late-start scan have made with --shard.",
    discussion: """
      What is written equals the output of one run on one machine byte for byte, the record beside it included. Parts may be named in any \
      order; gaps, parts of other runs and parts that were stopped are refused. Folders that the parts have in common are joined in \
      place: merge pictures/ pictures/. Parts of `statistics` become its file, those of `evaluate` the file of its --features-out. Folders of scans give their cells to one, in which the scan without --shard goes on.

      Examples:
        for i in 0 1 2 3; do diffuse-gpu sample --count 1000 --shard $i/4 --output digits.npz; done
        diffuse-gpu merge digits.npz digits.part-*.npz
        diffuse-gpu merge scan scan.part-*
        diffuse-gpu merge statistics.safetensors statistics.part-*.safetensors
      """)

  @Argument(help: ArgumentHelp("The file or the folder to write.", valueName: "output"))
  var output: String

  @Argument(
    help: ArgumentHelp("The parts: files, arrays with their records beside them, or folders.", valueName: "parts"))
  var parts: [String]

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    guard !parts.contains(where: StudyMerge.isStudy) else { return try mergeStudies() }
    if let kind = parts.lazy.compactMap({ PartKind(of: $0) }).first { return try mergeSums(kind) }
    let merge = try RunMerge(parts)
    let count = try merge.write(to: output)
    try outputOptions.console.result(
      "\(output): \(count) images of \(parts.count) \(parts.count == 1 ? "part" : "parts")",
      json: .object(["output": .string(output), "images": .number(Double(count))]))
  }

  /// Joins parts of statistics or of features.
  private func mergeSums(_ kind: PartKind) throws {
    try OutputFile.checkDistinct([output], readFrom: parts)
    let merged: (file: [UInt8], images: Int)
    switch kind {
    case .statistics:
      try check(output, endsWith: [".safetensors"])
      merged = try StatisticsMerge(parts).encoded(memoryLimit: Int(clamping: ProcessInfo.processInfo.physicalMemory))
    case .features:
      let merge = try FeatureMerge(parts)
      try check(output, endsWith: merge.needsArchive ? [".npz"] : [".safetensors", ".npz"])
      merged = try merge.encoded(for: output)
    }
    try OutputFile.write(merged.file, to: output)
    try outputOptions.console.result(
      "\(output): \(merged.images) images of \(parts.count) \(parts.count == 1 ? "part" : "parts")",
      json: .object(["output": .string(output), "images": .number(Double(merged.images))]))
  }

  private func check(_ output: String, endsWith endings: [String]) throws(CommandError) {
    guard !endings.contains(where: { output.lowercased().hasSuffix($0) }) else { return }
    throw CommandError("\(output): \(endings.joined(separator: " or ")) is written of these parts")
  }

  private func mergeStudies() throws {
    let count = try StudyMerge.merge(parts, into: output)
    try outputOptions.console.result(
      "\(output): \(count) cells; `late-start scan` with the arguments of the parts, without --shard, goes on there",
      json: .object(["output": .string(output), "cells": .number(Double(count))]))
  }
}
