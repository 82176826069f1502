import ArgumentParser
import DiffuseGPU

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Make a model directory from a checkpoint of other code, or from a directory with PyTorch's weights.",
    discussion: """
      The family is recognised by the names and shapes of the tensors: score_sde's DDPM, on which the symmetry breaking paper builds, \
      its DDPM++ and NCSN++, and the networks of guided-diffusion, improved-diffusion, consistency models and EDM. What they do not tell - \
      head counts, the noise schedule - comes from NAME.json beside NAME.pt, with the names that the training's own script has for it, or \
      from the released network that fits.

      The directory has safetensors, configuration, scheduler and a card with the source's SHA-256; diffusers loads it where it has such \
      a network, and fails where it does not. No code of a file is run. sample, info and others take a checkpoint as --model as well.
      """)

  @Argument(
    help: ArgumentHelp("A checkpoint (.pt, .pth, .pkl, .bin, .safetensors), or a model directory.", valueName: "source")
  )
  var source: String

  @Argument(help: ArgumentHelp("The directory to make.", valueName: "directory"))
  var output: String

  @OptionGroup
  var checkpoint: CheckpointChoices

  @Option(
    help: ArgumentHelp(
      "A JSON file of the training's settings, in place of the one beside the source.", valueName: "file"))
  var config: String?

  @Option(help: ArgumentHelp("A variant of a directory's weights, such as fp16.", valueName: "name"))
  var variant: String?

  @Option(help: ArgumentHelp("The form of the written weights: F32, F16 or BF16.", valueName: "type"))
  var type = "F32"

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let form = try weightType(type, flag: "--type"), console = outputOptions.console
    var options = try checkpoint.options
    options.settings = config
    let model = try ModelDirectory(source, variant: variant, checkpoint: options)
    let result = try ModelConversion.write(model, as: form, to: output)
    for warning in result.warnings { console.note(warning) }
    let kind = model.checkpoint?.family.name ?? "a model of diffusers"
    let loads = result.isKnownToDiffusers ? "" : "; diffusers has no such network"
    try console.result(
      "\(output): \(kind), \(result.network.parameterCount) parameters\(loads)",
      json: .object([
        "output": .string(output), "family": .string(kind),
        "parameters": .number(Double(result.network.parameterCount)),
        "diffusers": .boolean(result.isKnownToDiffusers),
        "taken_for_true": .array((model.checkpoint?.assumptions ?? []).map { .string($0) }),
      ]))
  }
}
