import Communication
import Compute
import ComputeCPU
import Conformance
import Datasets
import DeviceSelection
import Files
import TestSupport
import Testing
import Training

@Suite("Parts of a batch")
struct PartsTests {
  /// The variants of a training, in four parts.
  static var variants: [TrainingSettings] {
    TrainerTests.variants.map { settings in
      var settings = settings
      settings.parts = 4
      return settings
    }
  }

  /// A rank's own device.
  private static func backend(_ name: String) throws -> any Backend {
    if name == "cpu" { return try CPUBackend(options: .init(threads: 1)) }
    return try Devices.open(DeviceRequest("opencl"), .init(), selfCheck: false) { _ in }
  }

  /// Trains on some ranks from a checkpoint on, and returns that at the end and the losses, which all ranks share.
  private static func train(
    _ settings: TrainingSettings, ranks: Int, on device: String, from checkpoint: String? = nil, to last: Int
  ) throws -> (checkpoint: [UInt8], losses: [Double]) {
    let results = try ThreadCommunicator.run(ranks) { ranks in
      let trainer = try TrainerTests.trainer(settings, on: backend(device), ranks: ranks)
      if let checkpoint { try trainer.restore(TrainingCheckpoint(SafetensorsFile(checkpoint))) }
      let losses = try TrainerTests.train(trainer, to: last)
      return (checkpoint: try trainer.checkpoint(), losses: losses)
    }
    for other in results.dropFirst() {
      #expect(other.checkpoint == results[0].checkpoint)
      #expect(other.losses == results[0].losses)
    }
    return results[0]
  }

  @Test("One, two and four ranks have the same weights, bit for bit", arguments: variants)
  func ranks(settings: TrainingSettings) throws {
    for (device, _) in try backendsUnderTest() {
      let alone = try Self.train(settings, ranks: 1, on: device, to: 6)
      for ranks in [2, 4] {
        let shared = try Self.train(settings, ranks: ranks, on: device, to: 6)
        #expect(shared.losses == alone.losses, "\(ranks) ranks on \(device)")
        #expect(shared.checkpoint == alone.checkpoint, "\(ranks) ranks on \(device)")
      }
    }
  }

  @Test("A run goes on with another number of ranks as if nothing had happened")
  func resumes() throws {
    var settings = TrainerTests.settings()
    (settings.parts, settings.times) = (4, .importance)
    let folder = try TemporaryFolder(), whole = try Self.train(settings, ranks: 1, on: "cpu", to: 9)
    var checkpoint: String?
    for (ranks, last) in [(4, 3), (2, 6), (1, 9)] {
      let part = try Self.train(settings, ranks: ranks, on: "cpu", from: checkpoint, to: last)
      checkpoint = folder.path("\(last).safetensors")
      try OutputFile.write(part.checkpoint, to: folder.path("\(last).safetensors"))
      if last == 9 { #expect(part.checkpoint == whole.checkpoint) }
    }
  }

  @Test("A batch in parts is the same batch: losses differ in their last digits only", arguments: TrainerTests.variants)
  func meaning(settings: TrainingSettings) throws {
    var parts = settings
    parts.parts = 2
    let whole = try Self.train(settings, ranks: 1, on: "cpu", to: 8).losses
    let cut = try Self.train(parts, ranks: 1, on: "cpu", to: 8).losses
    #expect(whole[0] == cut[0] || abs(whole[0] / cut[0] - 1) < 1e-6)
    for (one, other) in zip(whole, cut) { #expect(abs(one / other - 1) < 1e-3) }
  }

  @Test("A wish of one rank to stop comes to all, and a loss that is not finite too")
  func agrees() throws {
    var settings = TrainerTests.settings()
    settings.parts = 2
    let shape = WaveSource(count: 1).shape
    let stops = try ThreadCommunicator.run(2) { [settings] ranks in
      let trainer = try TrainerTests.trainer(settings, on: CPUBackend(options: .init(threads: 1)), ranks: ranks)
      func batch(_ value: Float) -> TrainingBatch {
        // Only the images of the second part are not finite.
        .init(
          images: .init(repeating: 0.5, count: 2 * 64) + .init(repeating: value, count: 2 * 64), shape: shape,
          labels: [], indices: [0, 1, 2, 3])
      }
      let first = try trainer.advance(batch(0.5)).stops
      let second = try trainer.advance(batch(0.5), wantsStop: { ranks.rank == 1 }).stops
      let third: Bool
      do { third = try trainer.advance(batch(.nan)).stops } catch is TrainingError { return [first, second] }
      return [first, second, third]
    }
    #expect(stops == [[false, true], [false, true]])
  }

  @Test("Parts that are no power of two, do not divide the batch, or cannot be shared out are refused")
  func refuses() throws {
    for (parts, batch) in [(3, 6), (8, 4), (4, 6), (0, 4)] {
      var settings = TrainerTests.settings()
      (settings.parts, settings.batch) = (parts, batch)
      #expect(settings.fault?.contains("parts is \(parts)") == true)
    }
    #expect {
      try ThreadCommunicator.run(2) { ranks in
        try TrainerTests.trainer(TrainerTests.settings(), on: CPUBackend(options: .init(threads: 1)), ranks: ranks).step
      }
    } throws: {
      "\($0)".contains("1 parts") && "\($0)".contains("2 ranks")
    }
  }
}
