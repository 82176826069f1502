import Compute
import Datasets
import Diffusion
import Evaluation
import Files
import Foundation
import HostMath
import Models
import Pipelines
import SymmetryBreaking
import Tensors

extension Reproduction {
  /// How far a reproduction is: the part, what is under way in it, and how much of that is done.
  public typealias Progress = (_ part: ReproductionPart, _ phase: String, _ done: Int, _ total: Int) -> Void

  /// Does what is not there yet.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked between evaluations; finished cells are kept.
  ///   - progress: Told how far it is.
  /// - Returns: What was found, or nil if the reproduction was stopped.
  /// - Throws: An error of a part, of the device or of the folder.
  public func run(
    shouldStop: @escaping () -> Bool = { false }, progress: @escaping Progress = { _, _, _, _ in }
  ) throws -> ReproductionFindings? {
    do {
      let model = try knownModel(shouldStop, progress)
      let fit = try fit(of: model, shouldStop, progress)
      let (scan, starts) = try scan(of: model, fit, shouldStop, progress)
      let studied = try StudiedModel(model, on: backend)
      let network = try analysis(.network, of: studied, progress) {
        try NetworkAnalysis(studied, settings.network, images: firstImages(settings.errorImages), in: $0)
          .run(shouldStop: shouldStop, progress: $1)
      }
      let potential = try analysis(.potential, of: studied, progress) {
        try PotentialAnalysis(studied, settings.potential, in: $0).run(shouldStop: shouldStop, progress: $1)
      }
      let classifier = subject.classifier
      let dynamics = try analysis(.dynamics, of: studied, by: classifier, progress) {
        try DynamicsAnalysis(
          studied, classifier: classifier, settings.dynamics, images: firstImages(settings.dynamics.lossImages), in: $0
        ).run(shouldStop: shouldStop, progress: $1)
      }
      let pictures = try pictures(of: model, scan, shouldStop, progress)
      return ReproductionFindings(
        fit: fit, scan: scan, starts: starts, network: network, potential: potential, dynamics: dynamics,
        pictures: pictures)
    } catch is StudyStop {
      return nil
    }
  }

  /// Does a part in a folder of cells, and notes that it is finished.
  func part<Found>(
    _ part: ReproductionPart, in store: CellStore, _ body: () throws -> Found?
  ) throws -> Found {
    guard let found = try body() else { throw StudyStop() }
    try journal.finish(part, seconds: store.seconds())
    return found
  }

  /// The model with the moments of the data, which every Gaussian of the study has; an exact world knows its own.
  private func knownModel(_ shouldStop: () -> Bool, _ progress: Progress) throws -> any DiffusionModel {
    guard var network = subject.model as? Model else { return subject.model }
    let path = path(Self.statisticsName)
    let statistics: StatisticsSource = try part(.statistics, in: store) {
      guard !shouldStop() else { return nil }
      let cell = try store.cell("statistics", ["data": subject.data.sha256])
      if let digest = try store.result(of: cell, as: String.self), FileManager.default.fileExists(atPath: path) {
        let file = try MappedFile(path)
        if file.sha256 == digest { return .file(file) }
      }
      let clock = ContinuousClock(), begin = clock.now, source = try subject.data.open(), total = source.count
      let statistics = try ImageStatistics(of: source) { progress(.statistics, "images", $0, total) }
      try OutputFile.write(statistics.encoded(), to: path)
      let file = try MappedFile(path)
      try store.keep(file.sha256, of: cell, seconds: (clock.now - begin).inSeconds)
      return .file(file)
    }
    network.statistics = statistics
    return network
  }

  /// The name of the file of the data's moments.
  public static let statisticsName = "statistics.safetensors"

  /// The scan, and beside it the starts that the fit proposes.
  private func scan(
    of model: any DiffusionModel, _ fit: LateStartReport, _ shouldStop: () -> Bool, _ progress: Progress
  ) throws -> (ScanFindings, [AutomaticStart]) {
    let file = (model as? Model)?.statistics?.file
    let scan = try LateStartScan(
      model, settings.scan, files: file.map { [$0.name: $0.sha256] } ?? [:], classifier: subject.classifier,
      reference: ScanReference(data: subject.data, other: subject.real), in: path("scan"), machine: machine,
      version: version, on: backend)
    let findings = try part(.scan, in: scan.store) {
      try scan.run(shouldStop: shouldStop) { progress(.scan, "image steps", $0.done, $0.missing) }
    }
    try ScanReport(findings).write(to: scan.store)
    let starts = try part(.starts, in: scan.store) {
      try scan.automaticStarts(fit.times, findings, shouldStop: shouldStop) {
        progress(.starts, "image steps", $0.done, $0.missing)
      }
    }
    return (findings, starts)
  }

  /// Measures in the folder of a part what the command of the same name measures, and writes its reports.
  private func analysis<Found: AnalysisFindings>(
    _ part: ReproductionPart, of model: StudiedModel, by classifier: ClassifierModel? = nil,
    _ progress: @escaping Progress, _ run: (CellStore, @escaping StudyProgress.Report) throws -> Found?
  ) throws -> Found {
    let identity = try model.identity("analyze \(part.rawValue)", classifier: classifier, version: version)
    let store = try CellStore(path(part.folder), identity)
    let findings = try self.part(part, in: store) { try run(store) { progress(part, $0, $1, $2) } }
    try findings.write(to: store)
    return findings
  }

  /// The first images of the data, as the commands of the analyses take them.
  private func firstImages(_ count: Int) throws -> [Float] { try subject.data.open().next(count) }
}

/// What an analysis found and writes into its folder.
private protocol AnalysisFindings {
  func write(to store: CellStore) throws(FileError)
}

extension NetworkFindings: AnalysisFindings {}
extension PotentialFindings: AnalysisFindings {}
extension DynamicsFindings: AnalysisFindings {}
