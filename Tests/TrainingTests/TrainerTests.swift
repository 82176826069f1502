import Communication
import Compute
import ComputeCPU
import Datasets
import Diffusion
import Files
import Foundation
import Networks
import Tensors
import TestSupport
import Testing
import Training

/// Images of one wave each, with its number of waves as label.
final class WaveSource: ImageSource {
  let path = "waves", count: Int
  let shape = ImageShape(channels: 1, height: 8, width: 8)
  private var position = 0

  init(count: Int) { self.count = count }

  func next(_ count: Int) -> [Float] {
    let range = position..<min(self.count, position + count)
    position = range.upperBound
    return range.flatMap { (image: Int) -> [Float] in
      (0..<64).map { (pixel: Int) -> Float in
        let angle = Double(pixel % 8) * Double(image % 3 + 1) * 0.7 + Double(image)
        let value = sin(angle)
        // Bytes, as files have them.
        return Float(UInt8((value + 1) * 127.5)) / 127.5 - 1
      }
    }
  }

  func labels() -> [Int]? { (0..<count).map { $0 % 3 } }
}

@Suite("Trainer")
struct TrainerTests {
  static func configuration(classes: Int? = nil) -> UNetConfiguration {
    var configuration = UNetConfiguration.small(channels: 1, size: .init(height: 8, width: 8), classes: classes)
    configuration.blockChannels = [8, 8, 16]
    configuration.normalizationGroups = 4
    return configuration
  }

  static func trainer(
    _ settings: TrainingSettings, on backend: any Backend, channels: [Int] = [8, 8, 16],
    ranks: any Communicator = SingleProcess()
  ) throws -> Trainer {
    var configuration = configuration(classes: settings.label == nil ? nil : 3)
    configuration.blockChannels = channels
    configuration.dropout = settings.dropout ?? 0
    let network = try UNet(configuration, parameters: InitialParameters(seed: settings.seed))
    let schedule = NoiseSchedule(.linear(from: 1e-4, to: 0.02), count: 20)
    return try Trainer(
      DiffusionTask(network, schedule, settings), settings, ImageShape(channels: 1, height: 8, width: 8), on: backend,
      ranks)
  }

  static func settings() -> TrainingSettings {
    var settings = TrainingSettings()
    (settings.batch, settings.steps, settings.warmUp, settings.seed) = (4, 12, 3, 7)
    return settings
  }

  /// Losses of the steps from the trainer's own on.
  static func train(_ trainer: Trainer, to last: Int) throws -> [Double] {
    let data = try ImageSet(WaveSource(count: 10))
    let loader = BatchLoader(
      data, batch: trainer.settings.batch, augmentation: .init(flips: trainer.settings.flips, shift: 1),
      seed: trainer.settings.seed, from: trainer.step)
    defer { loader.end() }
    return try (trainer.step..<last).map { _ in try trainer.advance(#require(loader.next())).loss }
  }

  static var variants: [TrainingSettings] {
    var all = [settings()]
    for change: (inout TrainingSettings) -> Void in [
      {
        $0.prediction = .velocity; $0.snrLimit = 5; $0.flips = true
      },
      {
        $0.prediction = .sample; $0.times = .importance; $0.weightDecay = 0.1
      },
      {
        $0.label = 0; $0.dropout = 0.2; $0.labelDropout = 0.5; $0.checkpointsBlocks = true
      },
    ] {
      var settings = settings()
      change(&settings)
      all.append(settings)
    }
    return all
  }

  @Test(
    "A run that goes on from a checkpoint has the losses and weights of one that was never stopped", arguments: variants
  )
  func resumes(settings: TrainingSettings) throws {
    let folder = try TemporaryFolder()
    for (name, backend) in try backendsUnderTest() {
      let whole = try Self.trainer(settings, on: backend), first = try Self.trainer(settings, on: backend)
      let losses = try Self.train(whole, to: 12)
      #expect(try Self.train(first, to: 5) == Array(losses[..<5]), "\(name)")
      let path = folder.path("\(name).safetensors")
      try OutputFile.write(first.checkpoint(), to: path)
      let checkpoint = try TrainingCheckpoint(SafetensorsFile(path))
      #expect(checkpoint.settings == settings)
      let second = try Self.trainer(settings, on: backend)
      try second.restore(checkpoint)
      #expect(second.step == 5)
      #expect(try Self.train(second, to: 12) == Array(losses[5...]), "\(name)")
      #expect(try second.checkpoint() == whole.checkpoint())
    }
  }

  @Test("Training makes the loss smaller")
  func learns() throws {
    var settings = Self.settings()
    (settings.steps, settings.batch, settings.learningRate) = (150, 8, 3e-3)
    let losses = try Self.train(Self.trainer(settings, on: CPUBackend()), to: 150)
    #expect(losses[130...].reduce(0, +) / 20 < 0.6 * losses[..<20].reduce(0, +) / 20)
  }

  @Test("A checkpoint of another architecture is refused, and changes nothing")
  func refusesOthers() throws {
    let backend = try CPUBackend(), folder = try TemporaryFolder()
    let other = try Self.trainer(Self.settings(), on: backend, channels: [8, 16, 16])
    try OutputFile.write(other.checkpoint(), to: folder.path("other.safetensors"))
    let trainer = try Self.trainer(Self.settings(), on: backend)
    let before = try trainer.checkpoint()
    let checkpoint = try TrainingCheckpoint(SafetensorsFile(folder.path("other.safetensors")))
    #expect { try trainer.restore(checkpoint) } throws: {
      let text = "\($0)"
      return text.contains("another architecture") && text.contains("other.safetensors") && !text.contains("\n")
    }
    #expect(try trainer.checkpoint() == before)
  }

  @Test("A loss that is not finite stops before the weights change, and names the step")
  func stopsAtNaN() throws {
    let trainer = try Self.trainer(Self.settings(), on: CPUBackend())
    _ = try Self.train(trainer, to: 2)
    let before = try trainer.checkpoint()
    let batch = TrainingBatch(
      images: .init(repeating: .nan, count: 4 * 64), shape: WaveSource(count: 1).shape, labels: [],
      indices: [0, 1, 2, 3])
    #expect { try trainer.advance(batch) } throws: { "\($0)".contains("step 3") && "\($0)".contains("nan") }
    #expect(try trainer.checkpoint() == before)
  }

  @Test("Averages of weights go into the network and the weights come back")
  func averages() throws {
    let trainer = try Self.trainer(Self.settings(), on: CPUBackend())
    _ = try Self.train(trainer, to: 3)
    let parameter = trainer.task.parameters[0].parameter
    let weights = try parameter.values()
    #expect(try trainer.withEMA { try parameter.values() } != weights)
    #expect(try parameter.values() == weights)
  }

  @Test("Settings go through JSON; names and numbers that are wrong are named")
  func settingsInJSON() throws {
    for settings in Self.variants { #expect(try TrainingSettings(settings.json, path: "s") == settings) }
    #expect(try TrainingSettings(.object(["clip_norm": .null]), path: "s").clipNorm == nil)
    for (json, word) in [
      (JSONValue.object(["bach": .number(1)]), "'bach'"), (.object(["batch": .number(0)]), "batch is 0"),
      (.object(["batch": .string("many")]), "batch"), (.object(["prediction": .string("noise")]), "prediction"),
    ] {
      #expect { try TrainingSettings(json, path: "s.json") } throws: {
        "\($0)".contains("s.json") && "\($0)".contains(word) && !"\($0)".contains("\n")
      }
    }
  }

  @Test("Rates warm up, then fall along a cosine")
  func rates() {
    var settings = TrainingSettings()
    (settings.steps, settings.warmUp, settings.learningRate, settings.finalLearningRate) = (110, 10, 2, 0.1)
    #expect(
      settings.learningRate(at: 0) == 0.2 && settings.learningRate(at: 9) == 2 && settings.learningRate(at: 10) == 2)
    #expect(abs(settings.learningRate(at: 60) - 1.1) < 1e-12 && abs(settings.learningRate(at: 110) - 0.2) < 1e-12)
    settings.learningRateSchedule = .constant
    #expect(settings.learningRate(at: 100) == 2)
  }
}

@Suite("Batches")
struct BatchLoaderTests {
  @Test("Every image is shown once an epoch, and a batch depends on seed and step only")
  func covers() throws {
    let data = try ImageSet(WaveSource(count: 10))
    func batches(from step: Int, _ count: Int) throws -> [TrainingBatch] {
      let loader = BatchLoader(
        data, batch: 4, augmentation: .init(flips: true, shift: 2, dequantizes: true), seed: 1, from: step)
      defer { loader.end() }
      return try (0..<count).map { _ in try #require(loader.next()) }
    }
    let all = try batches(from: 0, 10), indices = all.flatMap(\.indices)
    for epoch in 0..<4 { #expect(Set(indices[epoch * 10..<(epoch + 1) * 10]) == Set(0..<10)) }
    #expect(Array(indices[..<10]) != Array(indices[10..<20]))
    let later = try batches(from: 7, 3)
    for (one, other) in zip(all[7...], later) {
      #expect(one.images == other.images && one.indices == other.indices && one.labels == other.labels)
    }
    #expect(all[0].labels == [all[0].indices.map { $0 % 3 }])
  }

  @Test("Images are mirrored or not, and moved by whole pixels")
  func augments() throws {
    let data = try ImageSet(WaveSource(count: 1))
    let loader = BatchLoader(data, batch: 40, augmentation: .init(flips: true), seed: 1)
    defer { loader.end() }
    let images = try #require(loader.next()).images
    let original = WaveSource(count: 1).next(1)
    let mirrored = (0..<64).map { (pixel: Int) -> Float in original[pixel / 8 * 8 + 7 - pixel % 8] }
    let kinds = (0..<40).map { Array(images[$0 * 64..<($0 + 1) * 64]) }
    #expect(Set(kinds) == [original, mirrored])
  }
}
