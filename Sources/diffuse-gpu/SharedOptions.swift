import ArgumentParser
import DiffuseGPU
import Foundation

/// Which network a command reads.
struct NetworkOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A diffusers model directory, a checkpoint that convert takes, or a pretrained model: mnist (the default), fashion-mnist or faces.",
      valueName: "path"))
  var model: String?

  @Option(help: ArgumentHelp("A variant of the weights, such as fp16.", valueName: "name"))
  var variant: String?

  @OptionGroup
  var checkpoint: CheckpointChoices

  /// Finds the model.
  func found(note: (String) -> Void = { _ in }) throws -> ModelDirectory {
    try .found(model, variant: variant, checkpoint: checkpoint.options, note: note)
  }

  /// The flags of the network, and whether each is given.
  var named: [(isNamed: Bool, flag: String)] {
    [(model != nil, "--model"), (variant != nil, "--variant")] + checkpoint.named
  }

  /// The flags that were given, as words of a command line.
  var words: [String] {
    let values = [
      ("--model", model), ("--variant", variant), ("--weights", checkpoint.weights), ("--preset", checkpoint.preset),
    ]
    return values.flatMap { flag, value in value.map { [flag, $0] } ?? [] }
  }
}

extension Model {
  /// Loads a model directory, and tells what was ignored in its files.
  init(_ directory: ModelDirectory, note: (String) -> Void) throws {
    try self.init(directory)
    for warning in warnings { note(warning) }
  }
}

/// What a checkpoint of other code does not say of itself.
struct CheckpointChoices: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The weights of a checkpoint that has averages too: average (the default) or raw.", valueName: "kind"))
  var weights: String?

  @Option(
    help: ArgumentHelp(
      "The released network of guided-diffusion or consistency models whose head counts and schedule count, such as 256x256_diffusion_uncond.",
      valueName: "name"))
  var preset: String?

  /// The choices as values.
  var options: CheckpointOptions {
    get throws(CommandError) {
      var options = CheckpointOptions()
      if let weights {
        guard let choice = WeightChoice(rawValue: weights) else {
          throw CommandError("--weights '\(weights)': average or raw")
        }
        options.weights = choice
      }
      options.preset = preset
      return options
    }
  }

  /// The flags, and whether each is given.
  var named: [(isNamed: Bool, flag: String)] { [(weights != nil, "--weights"), (preset != nil, "--preset")] }
}

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
      "float32 (the default), or less: bfloat16, 8 significant bits, or through OpenCL float16, 11 of them.",
      discussion: "On the CPU that of convolutions' products; through OpenCL that in which feature maps are stored.",
      valueName: "type"))
  var precision: String?

  @Flag(help: "Convolve by the direct method only, without Winograd's faster one, which rounds differently.")
  var exact = false

  /// The threads of a device; each has its own memory.
  private static let threadRange = 1...1024

  /// The options with which the device is opened.
  ///
  /// - Parameter guardZoneBytes: Bytes of known pattern around everything that is allocated.
  func options(guardZoneBytes: Int = 0) throws(CommandError) -> BackendOptions {
    try checkNumber("--threads", threads, in: Self.threadRange)
    let name = precision ?? Precision.float32.rawValue
    guard let precision = Precision(rawValue: name) else {
      let names = Precision.allCases.map(\.rawValue).joined(separator: ", ")
      throw CommandError("--precision \(name): \(names) is needed")
    }
    return BackendOptions(
      memoryBudget: try maxMemory.map { text throws(CommandError) in try MemorySize(text).bytes },
      threads: threads ?? Ranks.threads,
      guardZoneBytes: guardZoneBytes, precision: precision, isExact: exact, isProfiled: KernelTimes.areWanted)
  }

  /// The options of an analysis, whose small differences drown in fewer bits.
  func analysisOptions() throws(CommandError) -> BackendOptions {
    let options = try options()
    guard options.precision == .float32 else {
      throw CommandError("--precision \(options.precision.rawValue): an analysis needs float32")
    }
    return options
  }

  /// The options of a recorded run; only memory may be named beside it.
  func options(besides machine: RunRecord.Machine) throws(CommandError) -> BackendOptions {
    for (isNamed, name) in [(precision != nil, "--precision"), (exact, "--exact"), (threads != nil, "--threads")]
    where isNamed {
      throw CommandError("--from-record and \(name) exclude each other: the record says how it is computed")
    }
    try checkNumber("--from-record: threads", machine.threads, in: Self.threadRange)
    var options = try options()
    (options.precision, options.isExact, options.threads) = (machine.precision, machine.isExact, machine.threads)
    return options
  }

  /// The flags that were given and bear on results, as words of a command line.
  var words: [String] {
    let named = [("--device", device), ("--threads", threads.map(String.init)), ("--precision", precision)]
    return named.flatMap { flag, value in value.map { [flag, $0] } ?? [] } + (exact ? ["--exact"] : [])
  }

  /// Opens the device; what the user should know goes to standard error.
  ///
  /// - Parameters:
  ///   - console: Where notes are printed.
  ///   - options: What ``options(guardZoneBytes:)`` says, by default of these flags.
  ///   - machine: The machine of a recorded run, which is taken unless a device is named.
  ///   - selfCheck: Whether an OpenCL device must pass a short check first.
  func open(
    _ console: Console, _ options: BackendOptions? = nil, as machine: RunRecord.Machine? = nil, selfCheck: Bool = true
  ) throws -> any Backend {
    let options = try options ?? self.options()
    let backend = try Devices.open(request(as: machine), options, selfCheck: selfCheck) { console.note($0) }
    KernelTimes.keep(backend)
    if let notice = Ranks.bindingNotice { console.note(notice) }
    return backend
  }

  /// Which device is asked for.
  private func request(as machine: RunRecord.Machine?) throws -> DeviceRequest {
    if let machine, device == nil { return machine.backend == "cpu" ? .cpu : .openCLNamed(machine.device) }
    // An empty variable is as if it were not set.
    let variable = ProcessInfo.processInfo.environment["DIFFUSE_DEVICE"].flatMap { $0.isEmpty ? nil : $0 }
    let request = try DeviceRequest(device ?? variable ?? "auto")
    return Ranks.isConnected ? request.spread(over: Devices.find().openCL, Ranks.launcher?.localRank ?? 0) : request
  }
}

/// Checks a number of the command line, if it is given.
func checkNumber(_ flag: String, _ number: Int?, in range: ClosedRange<Int>) throws(CommandError) {
  do throws(NumberFault) {
    try number?.checked(in: range)
  } catch {
    throw CommandError("\(flag): \(error)")
  }
}

/// The form in which weights are written, as a flag names it.
func weightType(_ text: String, flag: String) throws(CommandError) -> SafetensorsType {
  guard let type = SafetensorsType(rawValue: text.uppercased()), [.float32, .float16, .bfloat16].contains(type) else {
    throw CommandError("\(flag) '\(text)': F32, F16 or BF16")
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

  /// That of a rank which leaves the user to the first.
  var silent: Console { Console(isJSON: json, isQuiet: true) }
}

/// Standard output for results, standard error for everything else.
struct Console {
  let isJSON: Bool
  let isQuiet: Bool

  /// Prints a result in the form that was asked for.
  ///
  /// - Throws: ``CommandError`` if standard output does not take it; what the command has written stays.
  func result(_ text: @autoclosure () -> String, json: @autoclosure () -> JSONValue) throws(CommandError) {
    try StandardStream.output.write((isJSON ? json().text : text().printable(keepingLines: true)) + "\n")
  }

  /// Tells the user something that is no result, if standard error takes it.
  func note(_ text: String) {
    if !isQuiet { StandardStream.error.offer(text.printable + "\n") }
  }
}

/// Numbers with as many digits as help.
func rounded(_ value: Double, digits: Int) -> String {
  String(format: "%.\(digits)f", value)
}
