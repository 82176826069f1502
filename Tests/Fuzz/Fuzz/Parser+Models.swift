import ComputeCPU
import DiffuseGPU

/// The CPU, with one thread, because inputs are small.
nonisolated(unsafe) let cpu: any Backend = {
  do {
    return try CPUBackend(options: BackendOptions(memoryBudget: 256_000_000, threads: 1))
  } catch {
    fatalError("\(error)")
  }
}()

/// A network of a few hundred parameters, whose files are short inputs.
let tinyNetwork: UNetConfiguration = {
  var result = UNetConfiguration()
  result.sampleSize = .init(height: 4, width: 4)
  (result.inputChannels, result.outputChannels) = (1, 1)
  (result.blockChannels, result.downBlocks, result.upBlocks) = ([2], [.attention], [.plain])
  result.hasMiddleBlock = false
  (result.layersPerBlock, result.normalizationGroups, result.timeEmbeddingWidth) = (1, 2, 2)
  result.headWidth = 2
  return result
}()

/// A classifier of a few hundred parameters.
let tinyClassifier: ClassifierConfiguration = {
  var result = ClassifierConfiguration(
    inputChannels: 1, imageSize: .init(height: 4, width: 4), heads: [.init(name: "digit", classes: 3)])
  (result.blockChannels, result.layersPerBlock, result.groups) = ([2, 4], 1, 2)
  return result
}()

extension Parser {
  /// Networks, from configurations alone and with their weights.
  static let models: [Parser] = [
    Parser("unet-configuration") {
      [Array(tinyNetwork.json.text.utf8)] + (try kinds())
    } read: { bytes in
      let configuration = try UNetConfiguration(json(bytes), path: "input")
      let copy = try UNetConfiguration(configuration.json, path: "copy")
      try BrokenPromise.unless(copy == configuration, "a configuration is read as it is written")
      guard configuration.parameterCount <= 20_000 else { return }
      let network = try UNet(configuration, parameters: InitialParameters(seed: 1))
      try evaluate(Model(name: "input", network: network, scheduler: nil))
    },
    Parser("classifier-configuration") {
      [Array(tinyClassifier.json.text.utf8)]
    } read: { bytes in
      let configuration = try ClassifierConfiguration(json(bytes), path: "input")
      let copy = try ClassifierConfiguration(configuration.json, path: "copy")
      try BrokenPromise.unless(copy == configuration, "a configuration is read as it is written")
      guard configuration.blockChannels.allSatisfy({ $0 <= 8 }), configuration.layersPerBlock <= 2,
        configuration.inputChannels <= 8, configuration.heads.allSatisfy({ $0.classes <= 100 })
      else { return }
      try answer(Classifier(configuration, parameters: InitialParameters(seed: 1)))
    },
    Parser("model", longestInput: 32768) {
      let network = try UNet(tinyNetwork, parameters: InitialParameters(seed: 1)),
        tensors = try weights(network.parameters)
      let documents = [
        Array(tinyNetwork.json.text.utf8), Array(SchedulerConfiguration.training.json.text.utf8),
        Array(#"{"_class_name": "DDPMPipeline", "unet": ["diffusers", "UNet2DModel"]}"#.utf8),
      ]
      let places = network.parameters.map { ($0.name, JSONValue.string(shardName)) }
      let index = JSONValue.object(["weight_map": .object(Dictionary(uniqueKeysWithValues: places))])
      return [joined(documents + [tensors]), joined(documents + [[], Array(index.line.utf8), tensors])]
    } read: { bytes in
      let names = [
        "unet/config.json", "scheduler/scheduler_config.json", "model_index.json",
        "unet/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.safetensors.index.json",
        "unet/\(shardName)",
      ]
      let files = parts(of: bytes, names).map { ($0, MappedFile(name: $0, embedded: $1)) }
      let model = try Model(ModelDirectory(name: "input", embedded: Dictionary(uniqueKeysWithValues: files)))
      guard model.network.parameters.reduce(0, { $0 + $1.parameter.shape.reduce(1, *) }) <= 20_000 else { return }
      try evaluate(model)
    },
    Parser("classifier", longestInput: 16384) {
      let network = try Classifier(tinyClassifier, parameters: InitialParameters(seed: 1))
      return try [joined([Array(tinyClassifier.json.text.utf8), weights(network.parameters)])]
    } read: { bytes in
      let files = parts(of: bytes, ["config.json", "classifier.safetensors"])
        .map { ($0, MappedFile(name: $0, embedded: $1)) }
      let model = try ClassifierModel(
        name: "input", .embedded(name: "input", files: Dictionary(uniqueKeysWithValues: files)))
      guard model.imageShape.count <= 1024 else { return }
      try answer(model.network)
    },
  ]

  /// The one shard of a model that is said to be in shards.
  private static let shardName = "diffusion_pytorch_model-00001-of-00001.safetensors"

  private static func weights(_ parameters: [NamedParameter]) throws -> [UInt8] {
    var writer = SafetensorsWriter()
    for (name, parameter) in parameters { writer.add(name, shape: parameter.shape, values: try parameter.values()) }
    return writer.encoded()
  }

  /// Plans an evaluation and makes one, of the smallest images that the network may take.
  private static func evaluate(_ model: Model) throws {
    let shape = model.imageShape(.init(height: 4, width: 4))
    let condition = SamplingCondition(classLabels: model.classCount.map { _ in [0] })
    try model.check(condition, shape)
    let memory = try model.memory(shape, condition, on: cpu)
    guard memory.fixedBytes + memory.bytesPerSample <= 16_000_000 else { return }
    let denoiser = model.denoiser(condition, .epsilon, on: cpu)
    let x = Tensor(
      [Float](repeating: 0.5, count: shape.count), shape: [1, shape.channels, shape.height, shape.width], on: cpu)
    _ = try denoiser.prediction(x, at: NoiseSchedule.linear().level(at: 10)).output.values()
  }

  private static func answer(_ network: Classifier) throws {
    let model = ClassifierModel(name: "input", network: network), shape = model.imageShape
    guard shape.count <= 1024 else { return }
    let images = NumpyArray(
      [Float](repeating: 0.5, count: 2 * shape.count), shape: [2, shape.channels, shape.height, shape.width]
    ).encoded()
    try images.withUnsafeBytes { bytes in
      try withFile("images.npy", bytes) { path in
        let reading = ImageReading(layout: .channelsFirst)
        _ = try model.features(of: ArraySource(path, reading), on: cpu)
      }
    }
  }
}

/// The configurations of the networks that the tests have of each kind.
private func kinds() throws -> [[UInt8]] {
  try [
    "admnet", "fourier", "gelu", "learned", "mish", "no-middle", "resnet-attention", "scale-shift", "timestep-class",
  ]
  .flatMap { try fixtures("unet-kinds/\($0)/unet", ending: "config.json") }
}
