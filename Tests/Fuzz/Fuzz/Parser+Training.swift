import DiffuseGPU

extension Parser {
  /// Settings and checkpoints of trainings; what has been restored goes on for a step.
  static let training: [Parser] = [
    Parser("training-settings") {
      [
        Array(TrainingSettings().json.text.utf8),
        Array(#"{"steps": 100, "learning_rate": 1e-3, "times": "importance"}"#.utf8),
      ]
    } read: { bytes in
      let settings = try TrainingSettings(json(bytes), path: "input")
      let copy = try TrainingSettings(settings.json, path: "copy")
      try BrokenPromise.unless(copy == settings, "settings are read as they are written")
      for step in [0, settings.steps / 2, settings.steps] {
        try BrokenPromise.unless(settings.learningRate(at: step).isFinite, "learning rates are finite")
      }
      _ = try NamedSettings(json(bytes), path: "input").applied()
      _ = try? json(bytes).decoded(as: TrainingData.self)
    },
    Parser("checkpoint", longestInput: 65536) {
      try seeds { try denoiser($0) }
    } read: { bytes in
      try goOn(bytes) { try denoiser($0) }
    },
    Parser("classifier-checkpoint", longestInput: 32768) {
      try seeds { try classifier($0) }
    } read: { bytes in
      try goOn(bytes) { try classifier($0) }
    },
  ]

  private static let shape = ImageShape(channels: 1, height: 4, width: 4)

  private static let batch = TrainingBatch(
    images: [Float](repeating: 0.5, count: 2 * shape.count), shape: shape, labels: [[0, 2]], indices: [0, 1])

  private static func denoiser(_ settings: TrainingSettings) throws -> Trainer {
    let network = try UNet(tinyNetwork, parameters: InitialParameters(seed: 1))
    // Of each training step a checkpoint holds eleven numbers.
    return try Trainer(DiffusionTask(network, .linear(count: 10), settings), settings, shape, on: cpu)
  }

  private static func classifier(_ settings: TrainingSettings) throws -> Trainer {
    let network = try Classifier(tinyClassifier, parameters: InitialParameters(seed: 1))
    return try Trainer(ClassificationTask(network), settings, shape, on: cpu)
  }

  /// A checkpoint after a step, and the same in the format without a digest, whose changes are not all refused at once.
  private static func seeds(_ trainer: (TrainingSettings) throws -> Trainer) throws -> [[UInt8]] {
    var settings = TrainingSettings()
    settings.times = .importance
    let begun = try trainer(settings)
    _ = try begun.advance(batch)
    let checkpoint = try begun.checkpoint()
    return try checkpoint.withUnsafeBytes { bytes in
      let file = try tensors(bytes)
      var former = file.metadata
      former["format"] = "diffuse-gpu training 1"
      former["sha256"] = nil
      var writer = SafetensorsWriter(metadata: former)
      for (name, entry) in file.entries { writer.add(name, shape: entry.shape, values: file.floats(entry)) }
      return [writer.encoded(), checkpoint]
    }
  }

  /// Restores a checkpoint, takes a step where it is not a long one, and writes the checkpoint after it.
  private static func goOn(_ bytes: UnsafeRawBufferPointer, _ trainer: (TrainingSettings) throws -> Trainer) throws {
    let checkpoint = try TrainingCheckpoint(tensors(bytes))
    let trainer = try trainer(checkpoint.settings)
    try trainer.restore(checkpoint)
    _ = try trainer.advance(batch)
    _ = try trainer.checkpoint()
  }
}
