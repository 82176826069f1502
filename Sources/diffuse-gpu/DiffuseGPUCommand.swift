import ArgumentParser
import DiffuseGPU

@main
struct DiffuseGPUCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diffuse-gpu",
    abstract: "Samples, trains and measures diffusion models on any OpenCL device or on the CPU.",
    discussion: """
      `diffuse-gpu sample` alone samples sixteen digits from the pretrained MNIST model into samples.png. --model takes any diffusers \
      UNet2DModel directory.

      Examples:
        diffuse-gpu sample --steps 20 --output digits.png
        diffuse-gpu sample --sampler ddim --steps 5 --late-start 500 --count 64 --output late.png
        diffuse-gpu sample --model ddpm-cifar10-32 --device opencl --seeds 0-99 --output pictures/
        diffuse-gpu devices
      """,
    version: packageVersion,
    subcommands: [
      SampleCommand.self, TrainCommand.self, ForwardCommand.self, DevicesCommand.self, CheckCommand.self,
      StatisticsCommand.self,
      EvaluateCommand.self, ClassifyCommand.self, BenchCommand.self, InfoCommand.self, InitCommand.self,
    ])

  /// Parses, runs, and words what fails in terms of flags.
  static func main() {
    do {
      try checkArgumentBytes()
      var command = try parseAsRoot()
      guard hostMathHasAddresses() else {
        throw CommandError("too few addresses for OpenBLAS, which needs 128 MiB; raise the limit (`ulimit -v`)")
      }
      try command.run()
    } catch {
      exit(withError: worded(error))
    }
  }
}
