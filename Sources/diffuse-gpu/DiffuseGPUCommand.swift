import ArgumentParser
import DiffuseGPU
import Foundation

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
      SampleCommand.self, MergeCommand.self, TrainCommand.self, ForwardCommand.self, DevicesCommand.self,
      CheckCommand.self,
      StatisticsCommand.self, EvaluateCommand.self, LikelihoodCommand.self, ClassifyCommand.self, ConvertCommand.self,
      ConvertInceptionCommand.self, LateStartCommand.self, AnalyzeCommand.self, ReproduceCommand.self,
      ServeCommand.self, BenchCommand.self, TuneCommand.self, InfoCommand.self, InitCommand.self,
    ])

  /// Parses, runs, and words what fails in terms of flags.
  static func main() {
    StandardStream.prepare()
    LostPages.explain()
    guard hostMathHasAddresses() else {
      StandardStream.error.offer("Error: too few addresses for OpenBLAS; raise the limit (`ulimit -v`)\n")
      _exit(EXIT_FAILURE)
    }
    do {
      try checkArgumentBytes()
      var command = try parseAsRoot()
      try Ranks.check(command)
      try command.run()
      try KernelTimes.report()
      Ranks.finish()
    } catch let status as ExitCode {
      // It was stopped, and all ranks with it.
      Ranks.finish()
      Foundation.exit(status.rawValue)
    } catch {
      Ranks.letRootSpeak()
      let status = exitCode(saying: worded(error))
      if status != EXIT_SUCCESS { Ranks.abort(status) }
      Foundation.exit(status)
    }
  }

  /// Prints what is thrown, help and version among it, and gives the exit status that stands for it.
  private static func exitCode(saying error: any Error) -> Int32 {
    let code = exitCode(for: error), message = fullMessage(for: error)
    // What is wrong with the words of a command line, all ranks have found before they know of each other.
    guard !message.isEmpty, Ranks.isRoot || Ranks.isConnected else { return code.rawValue }
    guard code.isSuccess else {
      StandardStream.error.offer(message + "\n")
      return code.rawValue
    }
    do {
      try StandardStream.output.write(message + "\n")
      return code.rawValue
    } catch {
      return exitCode(saying: error)
    }
  }
}
