import ArgumentParser
import DiffuseGPU
import Foundation

struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices",
    abstract: "List the devices of this machine.",
    discussion: "The first word of a line is what --device takes; the star marks the one that auto takes.")

  @OptionGroup
  var outputOptions: OutputOptions

  func run() throws {
    let console = outputOptions.console
    let listing = Devices.find()
    let choice = try DeviceChoice(
      .auto, cpu: listing.cpu, openCL: listing.openCL, openCLProblem: listing.openCLProblem)
    let lines = listing.all.map { device in
      let name = device.backend == "cpu" ? "cpu" : "opencl:\(device.index)"
      let star = device == choice.device ? "*" : " "
      return """
        \(star) \(name.padding(toLength: 10, withPad: " ", startingAt: 0)) \(device.name), \(device.kind.rawValue), \
        \(device.computeUnits) units, \(ByteCount(device.memoryBytes)), \(device.driver)
        """
    }
    try console.result(
      lines.joined(separator: "\n"),
      json: .object([
        "devices": .array(listing.all.map(json)), "auto": .string(choice.device.name),
        "opencl_problem": listing.openCLProblem.map { .string($0) } ?? .null,
      ]))
    if let problem = listing.openCLProblem { console.note("no OpenCL device: \(problem)") }
  }

  private func json(_ device: DeviceDescription) -> JSONValue {
    .object([
      "backend": .string(device.backend), "index": .number(Double(device.index)), "name": .string(device.name),
      "vendor": .string(device.vendor), "driver": .string(device.driver), "kind": .string(device.kind.rawValue),
      "compute_units": .number(Double(device.computeUnits)), "memory_bytes": .number(Double(device.memoryBytes)),
      "largest_allocation_bytes": .number(Double(device.largestAllocationBytes)),
    ])
  }
}
