import ArgumentParser
import DiffuseGPU

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure a device: every operation, a whole network, and what the device can do at most.",
    discussion: """
      GFLOP/s count the additions and multiplications of the direct method, whatever algorithm a layer takes, so that faster algorithms \
      may pass the device's peak; GB/s count every operand and result once. The network as a whole is timed without waits between its \
      operations, the operations one by one with them.
      """)

  @OptionGroup
  var network: NetworkOptions

  @Option(help: ArgumentHelp("Images of an evaluation.", valueName: "count"))
  var batch = 8

  @Option(help: ArgumentHelp("Height and width, such as 32 or 32x48; the model's own by default.", valueName: "size"))
  var size: String?

  @Option(name: .customLong("repeat"), help: ArgumentHelp("Evaluations that count.", valueName: "times"))
  var repetitions = 5

  @Flag(help: "Print every layer of the network, not one line an operation.")
  var layers = false

  @Flag(help: "Print the time of each kernel on the device as well, by the device's clock; for OpenCL.")
  var kernels = false

  @Flag(help: "Measure the network alone: neither what the device can do at most nor operations on exact values.")
  var networkOnly = false

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let console = outputOptions.console
    try checkNumber("--batch", batch, in: 1...SamplingSettings.largestBatch)
    try checkNumber("--repeat", repetitions, in: 1...1_000_000)
    let model = try Model(network.found(note: console.note), note: console.note)
    let shape = try model.sampleShape(size.map { try ImageSize(argument: $0) })
    var options = try device.options()
    options.isProfiled = options.isProfiled || kernels
    let backend = try device.open(console, options)
    guard !kernels || backend is any DeviceActivityReporting else {
      throw CommandError("--kernels: \(backend.device.name) has no clock of its own; name an OpenCL device by --device")
    }
    let benchmark = try DeviceBenchmark(
      model, shape, batch: batch, repetitions: repetitions, measuresDevice: !networkOnly, on: backend)
    try console.result(benchmark.text(layers: layers), json: benchmark.json)
  }
}
