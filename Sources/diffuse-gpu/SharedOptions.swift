import ArgumentParser
import DiffuseGPU
import Foundation

/// Which device a command runs on.
struct DeviceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The device: auto, cpu, opencl, opencl:N or opencl:<part of a name>.",
      discussion: "Without it DIFFUSE_DEVICE decides, and without that auto: a GPU if there is one, else the CPU.",
      valueName: "device"))
  var device: String?

  @Option(help: ArgumentHelp("Threads of the CPU backend; one a core by default.", valueName: "count"))
  var threads: Int?

  @Option(
    help: ArgumentHelp("The memory a run may take, such as 512MB or 2GiB.", valueName: "size"))
  var maxMemory: String?

  @Option(
    help: ArgumentHelp(
      "The arithmetic of convolutions: float32 or bfloat16, which is faster and has 8 significant bits.",
      valueName: "type"))
  var precision: String = Precision.float32.rawValue

  @Flag(help: "Convolve by the direct method only, without Winograd's faster one, which rounds differently.")
  var exact = false

  /// Opens the device; what the user should know goes to standard error.
  ///
  /// - Parameters:
  ///   - console: Where that is printed.
  ///   - guardZoneBytes: Bytes of known pattern around everything that is allocated.
  ///   - selfCheck: Whether an OpenCL device must pass a short check first.
  func open(_ console: Console, guardZoneBytes: Int = 0, selfCheck: Bool = true) throws -> any Backend {
    if let threads, threads < 1 { throw PipelineError("--threads \(threads): at least one thread is needed") }
    guard let precision = Precision(rawValue: precision) else {
      let names = Precision.allCases.map(\.rawValue).joined(separator: " or ")
      throw PipelineError("--precision \(precision): \(names) is needed")
    }
    let options = BackendOptions(
      memoryBudget: try maxMemory.map { try MemorySize($0).bytes }, threads: threads,
      guardZoneBytes: guardZoneBytes, precision: precision, isExact: exact)
    let request = try DeviceRequest(device ?? ProcessInfo.processInfo.environment["DIFFUSE_DEVICE"] ?? "auto")
    return try Devices.open(request, options, selfCheck: selfCheck) { console.note($0) }
  }
}

/// The form in which weights are written, as a flag names it.
func weightType(_ text: String, flag: String) throws(PipelineError) -> SafetensorsType {
  guard let type = SafetensorsType(rawValue: text.uppercased()), [.float32, .float16, .bfloat16].contains(type) else {
    throw PipelineError("\(flag) '\(text)': F32, F16 or BF16")
  }
  return type
}

/// How a command speaks.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print results as JSON.")
  var json = false

  @Flag(help: "Print no progress and no notes.")
  var quiet = false

  var console: Console { Console(isJSON: json, isQuiet: quiet) }
}

/// Standard output for results, standard error for everything else.
struct Console {
  let isJSON: Bool
  let isQuiet: Bool

  /// Prints a result in the form that was asked for.
  func result(_ text: @autoclosure () -> String, json: @autoclosure () -> JSONValue) {
    print(isJSON ? json().text : text())
  }

  /// Tells the user something that is no result.
  func note(_ text: String) {
    guard !isQuiet else { return }
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }
}

/// Numbers with as many digits as help.
func rounded(_ value: Double, digits: Int) -> String {
  String(format: "%.\(digits)f", value)
}
