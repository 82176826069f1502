import ArgumentParser
import DiffuseGPU
import Foundation
import Serving

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Open a live page on which the phase transition is seen and late starts are tried.",
    discussion: """
      Prints the address of the page and serves it until Ctrl-C or SIGTERM, to this machine alone unless --host names another of its \
      addresses. The page needs nothing from elsewhere. Pictures are those of `sample`, byte for byte. /api describes the same for \
      scripts.
      """)

  @Option(help: ArgumentHelp("The port; 0 for any that is free.", valueName: "number"))
  var port = 8017

  @Option(help: ArgumentHelp("The address to listen at; 0.0.0.0 for all of this machine.", valueName: "address"))
  var host = "127.0.0.1"

  @Flag(help: "Open the page in the browser.")
  var open = false

  @Option(
    help: ArgumentHelp(
      "A model of the page, one or more times: a diffusers model directory, or a pretrained model; by default all of these.",
      valueName: "path"))
  var model: [String] = []

  @Option(
    help: ArgumentHelp(
      "Find out what the page shows of each model, write it into a folder as NAME.json, and end.",
      discussion:
        "Called phase.json in a model directory, such a file is there at once; otherwise the page waits for it.",
      valueName: "folder"))
  var prepare: String?

  @OptionGroup(title: "Device")
  var device: DeviceOptions

  @OptionGroup
  var output: OutputOptions

  func run() throws {
    let console = output.console
    try checkNumber("--port", port, in: 0...65535)
    let own = PretrainedModel.denoisers.sorted { $0 == PretrainedModel.defaultName && $1 != $0 }
    let names = model.isEmpty ? own : model
    var settings = PageServer.Settings(version: packageVersion)
    (settings.host, settings.port, settings.options) = (host, UInt16(port), try device.options())
    settings.deviceFlags = device.words
    if let prepare { try OutputFile.checkFolder(prepare) }
    Interruption.listen()
    try finished { [settings, device, open, prepare] in
      let served = try await Self.models(names, device, console, readsPhases: prepare == nil)
      let server = PageServer(served, settings) { .init($0, on: try device.open(console)) }
      if let prepare { return try await Self.prepare(server, into: prepare, console) }
      try await server.run(shouldStop: { Interruption.isRequested }) { address in
        try console.result(address, json: .object(["address": .string(address)]))
        if open { Self.browse(address) }
      }
    }
  }

  /// The models of the page, each on two devices of its own.
  ///
  /// - Parameter readsPhases: Whether what their directories say of their phase transitions is taken.
  private static func models(
    _ names: [String], _ device: DeviceOptions, _ console: Console, readsPhases: Bool
  ) async throws -> [ServedModel] {
    var served: [ServedModel] = []
    for name in names {
      func session() throws -> SamplingSession {
        .init(try Model(ModelDirectory.found(name, note: console.note)), on: try device.open(console))
      }
      served.append(
        try await ServedModel(
          name: name, .directory(path: name, variant: nil), flags: ["--model", name], session: session(),
          studies: session(), phase: readsPhases ? ModelDirectory.found(name).phase() : nil))
    }
    return served
  }

  /// Writes what the page shows of each model.
  private static func prepare(_ server: PageServer, into folder: String, _ console: Console) async throws {
    try OutputFile.prepareFolder(folder)
    try await server.prepare(shouldStop: { Interruption.isRequested }) { name, phase in
      let path = (folder as NSString).appendingPathComponent((name as NSString).lastPathComponent + ".json")
      try OutputFile.write((phase.text + "\n").utf8, to: path)
      try console.result(path, json: .object(["phase": .string(path)]))
    }
  }

  /// Opens an address as the desktop does.
  private static func browse(_ address: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["xdg-open", address]
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    try? process.run()
  }
}

/// Waits for work that is done elsewhere.
private func finished(_ work: @escaping @Sendable () async throws -> Void) throws {
  let done = DispatchSemaphore(value: 0)
  nonisolated(unsafe) var fault: (any Error)?
  Task {
    do {
      try await work()
    } catch {
      fault = error
    }
    done.signal()
  }
  done.wait()
  if let fault { throw fault is CancellationError ? ExitCode(130) : fault }
}
