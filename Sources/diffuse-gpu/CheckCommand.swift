import ArgumentParser
import DiffuseGPU

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Run the conformance list on a device.",
    discussion: """
      Every operation of the backend is run on small inputs of all the shapes that U-Nets use and compared with plain loops in double \
      precision; every result must repeat bit for bit and leave the memory around it alone. Exits with 1 if a case fails.
      """)

  @Option(help: ArgumentHelp("Only the cases of operations whose name contains this.", valueName: "text"))
  var only: String?

  @Flag(help: "Only the smallest cases, for interpreters such as oclgrind.")
  var tiny = false

  @Flag(help: "Print every case, not only failures.")
  var verbose = false

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let console = outputOptions.console
    let cases = ConformanceSuite.cases.filter { test in
      (only.map { test.title.lowercased().contains($0.lowercased()) } ?? true) && (!tiny || test.size == .tiny)
    }
    guard !cases.isEmpty else { throw CommandError("--only '\(only ?? "")': no case has such a name") }
    let backend = try device.open(console, device.options(guardZoneBytes: 256), selfCheck: false)
    let backends = [backend] + (try Devices.variants(of: backend))
    let display = ProgressDisplay(total: cases.count * backends.count, unit: "cases", quiet: console.isQuiet)
    var done = 0, lost: CommandError?
    let results = backends.flatMap { backend in
      ConformanceSuite.run(on: backend, cases: cases) { result in
        done += 1
        display.update(done)
        guard !console.isJSON, result.isFailure || verbose, lost == nil else { return }
        do throws(CommandError) {
          try StandardStream.output.write("\(result)\n")
        } catch {
          lost = error
        }
      }
    }
    if let lost { throw lost }
    let failed = results.filter(\.isFailure)
    let skipped = results.filter { if case .skipped = $0.outcome { true } else { false } }
    let passed = results.count - failed.count - skipped.count
    try console.result(
      "\(backend.device.name): \(passed) passed, \(failed.count) failed, \(skipped.count) skipped",
      json: .object([
        "device": .string(backend.device.name), "passed": .number(Double(passed)),
        "failed": .array(failed.map { .string($0.description) }),
        "skipped": .array(skipped.map { .string($0.description) }),
      ]))
    if !failed.isEmpty { throw ExitCode.failure }
  }
}
