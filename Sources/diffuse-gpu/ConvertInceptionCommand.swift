import ArgumentParser
import DiffuseGPU

struct ConvertInceptionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert-inception",
    abstract: "Make the network of FID from pytorch-fid's weights, for evaluate, statistics and late-start scan.",
    discussion: """
      The weights are pt_inception-2015-12-05-6726825d.pth, which pytorch-fid's releases have, or a safetensors file of the same \
      tensors. The .pth file is a pickle, of which nothing but numbers is read.

      Every normalisation becomes part of the convolution before it. The directory is named by --classifier; distances in its \
      features, and in no others, are called FID.
      """)

  @Argument(help: ArgumentHelp("The weights, a .pth or .safetensors file.", valueName: "weights"))
  var weights: String

  @Option(name: .shortAndLong, help: ArgumentHelp("The directory to make.", valueName: "directory"))
  var output: String

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    try InceptionModel.checkExport(output)
    let model = try InceptionModel(name: output, converting: openTensors(weights))
    try model.write(to: output)
    let count = model.network.parameters.reduce(0) { $0 + $1.parameter.count }
    try outputOptions.console.result(
      "\(output): Inception v3 of FID, \(count) parameters, \(Inception.featureCount) features",
      json: .object([
        "output": .string(output), "parameters": .number(Double(count)),
        "features": .number(Double(Inception.featureCount)),
      ]))
  }
}
