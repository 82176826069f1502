import Communication
import Files
import Training

/// What all ranks of a training must have in common, lest they train something that none of them was asked for.
struct RankAgreement: Codable {
  /// A name and a value of each, in the order in which differences are told.
  private var fields: [[String]]

  /// What the ranks of a run begin with.
  init(_ trainer: Trainer, _ record: TrainingRecord, program: String) throws {
    fields = [
      ["version", program], ["device", record.device], ["network", record.network.line],
      ["scheduler", record.scheduler?.line ?? "none"], ["settings", trainer.settings.json.line],
      ["images", record.data.sha256], ["step", "\(trainer.step)"], ["weights", try trainer.weightDigest()],
    ]
  }

  /// What they have come to.
  init(_ trainer: Trainer) throws {
    fields = trainer.communicator.size == 1 ? [] : [["weights", try trainer.weightDigest()]]
  }

  /// Compares it with every other rank's.
  ///
  /// - Throws: ``PipelineError`` naming the first rank that differs from the first, and in what; the same on every rank.
  func check(_ ranks: any Communicator) throws {
    guard ranks.size > 1 else { return }
    let texts = ranks.gathered(Array(try JSONValue(encoding: self).line.utf8))
    let all = try texts.map { bytes in
      let fields: Self = try JSONValue(String(decoding: bytes, as: UTF8.self), path: "a rank's digest").decoded()
      return fields.fields
    }
    for (rank, other) in all.enumerated() {
      guard let (first, second) = zip(all[0], other).first(where: { $0 != $1 }) else { continue }
      throw PipelineError.ranksDiffer(
        rank: rank, field: first.first ?? "", value: second.last ?? "", expected: first.last ?? "")
    }
  }
}
