import DiffusersFormat
import Files
import Foundation
import Networks
import TestSupport
import Testing

@Suite("Weights are read in every form that people have")
struct WeightFormsTests {
  /// One stored network, and one way to write its weights again.
  struct Form: CustomTestStringConvertible {
    var folder: String
    var type = SafetensorsType.float32
    var names = RewrittenModel.NameStyle.current
    var shards = 1
    var variant: String?
    /// Whether they are PyTorch's files, as of diffusers' first releases.
    var isPickled = false
    /// Where the network lies below the model directory.
    var place = "unet"

    var testDescription: String {
      "\((folder as NSString).lastPathComponent) \(type) \(names) \(shards) \(variant ?? "-") \(isPickled ? "pickled " : "")'\(place)'"
    }
  }

  static let allForms = UNetCase.stored.flatMap { folder in
    RewrittenModel.NameStyle.allCases.map { Form(folder: folder, names: $0) }
      + [SafetensorsType.float32, .float16, .bfloat16].flatMap { type in
        [
          Form(folder: folder, type: type, place: ""),
          Form(folder: folder, type: type, shards: 3, place: "model"),
          Form(folder: folder, type: type, variant: "fp16"),
          Form(folder: folder, type: type, names: .former, shards: 2, variant: "fp16", place: ""),
          Form(folder: folder, type: type, names: .former, isPickled: true, place: ""),
          Form(folder: folder, type: type, shards: 3, isPickled: true),
          Form(folder: folder, type: type, shards: 2, variant: "fp16", isPickled: true),
        ]
      }
  }

  @Test("Outputs are those of the same weights in the plain form, bit for bit", arguments: allForms)
  func forms(form: Form) throws {
    let test = try UNetCase(folder: form.folder)
    let model = try RewrittenModel(folder: form.folder)
    let temporary = try TemporaryFolder()
    let rounded = model.rounded(to: form.type)
    try rounded.write(to: temporary.path("plain/unet"))
    try rounded.renamed(form.names).write(
      to: temporary.path("other/\(form.place)"), as: form.type, variant: form.variant, shards: form.shards,
      isPickled: form.isPickled)

    let loaded = try ModelDirectory(temporary.path("other")).unet(), unet = loaded.network
    let output = try test.output(of: unet)
    #expect(loaded.warnings.isEmpty)
    #expect(try output == test.output(of: ModelDirectory(temporary.path("plain")).unet().network))
    // What rounding the weights does to the output: 6e-4 to 8e-4 and 4e-3 to 7e-3 for these networks.
    let bound: Float = [.float32: 2e-6, .float16: 1e-3, .bfloat16: 1e-2][form.type] ?? 0
    #expect(UNetCase.distance(output, to: test.expected) < bound)
  }

  @Test("Full precision is preferred, and a variant taken where it is named")
  func variants() throws {
    let model = try RewrittenModel(folder: UNetCase.stored[0])
    let temporary = try TemporaryFolder()
    try model.write(to: temporary.path("unet"))
    try model.write(to: temporary.path("unet"), as: .float16, variant: "fp16")
    #expect(try ModelDirectory(temporary.path("")).parameters().path.hasSuffix("model.safetensors"))
    #expect(
      try ModelDirectory(temporary.path(""), variant: "fp16").parameters().path.hasSuffix("model.fp16.safetensors"))
    let error = #expect(throws: FileError.self) {
      try ModelDirectory(temporary.path(""), variant: "ema").parameters()
    }
    #expect(error?.fault == "has no weights of variant 'ema'; there is fp16")
  }

  @Test("Safetensors are preferred to a pickle beside them, which is not opened")
  func pickleBeside() throws {
    let model = try RewrittenModel(folder: UNetCase.stored[0])
    let temporary = try TemporaryFolder()
    try model.write(to: temporary.path("unet"))
    try OutputFile.write("no weights".utf8, to: temporary.path("unet/diffusion_pytorch_model.bin"))
    try OutputFile.write("no index".utf8, to: temporary.path("unet/diffusion_pytorch_model.bin.index.json"))
    #expect(try ModelDirectory(temporary.path("")).parameters().path.hasSuffix("model.safetensors"))
  }

  @Test(
    "Files whose names begin with a dot are passed over, beside whole weights and beside shards", arguments: [1, 3])
  func hiddenFiles(shards: Int) throws {
    let model = try RewrittenModel(folder: UNetCase.stored[0])
    let temporary = try TemporaryFolder()
    try model.write(to: temporary.path("unet"), shards: shards)
    for name in try FileManager.default.contentsOfDirectory(atPath: temporary.path("unet")) + ["DS_Store"] {
      try OutputFile.write([0, 5, 22, 7], to: temporary.path("unet/._\(name)"))
    }
    let loaded = try ModelDirectory(temporary.url.path).unet()
    #expect(loaded.warnings.isEmpty)
    let plain = try TemporaryFolder(), test = try UNetCase(folder: UNetCase.stored[0])
    try model.write(to: plain.path("unet"))
    #expect(try test.output(of: loaded.network) == test.output(of: ModelDirectory(plain.url.path).unet().network))
  }

  @Test("A single weight file with its configuration beside it, and the unet folder itself, are models too")
  func partsOfModels() throws {
    let folder = UNetCase.stored[0]
    let test = try UNetCase(folder: folder)
    let output = try test.output(of: ModelDirectory(folder).unet().network)
    for path in ["unet", "unet/diffusion_pytorch_model.safetensors"] {
      #expect(try test.output(of: ModelDirectory("\(folder)/\(path)").unet().network) == output)
    }
    let temporary = try TemporaryFolder(), pickle = temporary.path("diffusion_pytorch_model.bin")
    try RewrittenModel(folder: folder).write(to: temporary.url.path, isPickled: true)
    #expect(try test.output(of: ModelDirectory(pickle).unet().network) == output)
    try FileManager.default.removeItem(atPath: temporary.path("config.json"))
    let error = #expect(throws: FileError.self) { try ModelDirectory(pickle) }
    #expect(error?.fault == "has the weights of a diffusers network, whose config.json must lie beside it")
  }

  @Test("A model in memory is read by the same code")
  func embedded() throws {
    let folder = UNetCase.stored[0]
    let test = try UNetCase(folder: folder)
    let model = try RewrittenModel(folder: folder)
    let temporary = try TemporaryFolder()
    try model.write(to: temporary.path(""), shards: 2)
    try OutputFile.write("{}".utf8, to: temporary.path("scheduler_config.json"))
    var files: [String: MappedFile] = [:]
    for name in try temporary.listing() { files[name] = try MappedFile(temporary.path(name)) }
    let directory = try ModelDirectory(name: "embedded", embedded: files)
    #expect(try directory.scheduler()?.source == "embedded/scheduler_config.json")
    #expect(try directory.statistics() == nil)
    #expect(try test.output(of: directory.unet().network) == test.output(of: ModelDirectory(folder).unet().network))
  }

  @Test("Tensors that belong to no layer are ignored with a warning")
  func unexpectedTensors() throws {
    var model = try RewrittenModel(folder: UNetCase.stored[0])
    model.tensors.append(.init(name: "ema.decay", shape: [1], values: [0.999]))
    let temporary = try TemporaryFolder()
    try model.write(to: temporary.path("unet"))
    let warnings = try ModelDirectory(temporary.path("")).unet().warnings
    #expect(warnings.count == 1)
    #expect(warnings.first?.hasSuffix("tensor 'ema.decay' is not part of the network, ignored") == true)
  }
}
