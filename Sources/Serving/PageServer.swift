public import Compute
public import enum Files.JSONValue
import FlyingFox
import FlyingSocks
import Foundation
public import Models
public import Pipelines

/// The live page: a server on one address of this machine.
public final class PageServer: Sendable {
  /// Where and how a server listens.
  public struct Settings: Sendable {
    /// The address to bind to, in numbers.
    public var host = "127.0.0.1"
    /// The port; 0 for any that is free.
    public var port: UInt16 = 0
    /// How the device was opened, for the records of pictures.
    public var options = BackendOptions()
    /// The program's version.
    public var version: String
    /// The flags of the device in a command line.
    public var deviceFlags: [String] = []

    /// Settings of a server on a free port of this machine alone.
    public init(version: String) { self.version = version }
  }

  private let settings: Settings
  private let models: [ServedModel]
  private let queue: JobQueue
  private let gate = StudyGate()

  /// A server of some models.
  ///
  /// - Parameters:
  ///   - models: The models of the page.
  ///   - settings: Where it listens.
  ///   - open: Makes a session for an exact world.
  public init(
    _ models: [ServedModel], _ settings: Settings, open: @escaping @Sendable (ExactWorld) throws -> SamplingSession
  ) {
    (self.models, self.settings) = (models, settings)
    queue = JobQueue(options: settings.options, version: settings.version, gate: gate, open: open)
  }

  /// Listens until it is to stop.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked now and then.
  ///   - ready: Called once with the address of the page.
  /// - Throws: ``ServingError`` where the address is none, or cannot be listened at.
  public func run(shouldStop: @escaping @Sendable () -> Bool, ready: @Sendable (_ address: String) throws -> Void)
    async throws
  {
    let server = HTTPServer(config: try configuration())
    let listening = Task { try await server.run() }
    do {
      try await server.waitUntilListening()
    } catch {
      throw ServingError.address(host: settings.host, port: settings.port)
    }
    guard let port = await server.port else { throw ServingError.address(host: settings.host, port: settings.port) }
    let routes = Routes(
      models: models, queue: queue, guardian: RequestGuard(host: settings.host, port: port),
      version: settings.version, deviceFlags: settings.deviceFlags)
    await server.appendRoute("*", to: routes)
    try ready("http://\(settings.host.contains(":") ? "[\(settings.host)]" : settings.host):\(port)/")
    let studies = Task { [models, gate] in
      for model in models { await model.studyStarts(gate) }
      for model in models { await model.studySymmetry(gate) }
    }
    while !shouldStop() && !listening.isCancelled { try await Task.sleep(for: .milliseconds(100)) }
    gate.shut()
    await queue.shut()
    await server.stop(timeout: 1)
    // Streams that are cut off are no fault.
    _ = await listening.result
    await studies.value
  }

  /// Finds out what the page shows of each model, and serves nothing.
  ///
  /// - Parameters:
  ///   - shouldStop: Asked now and then.
  ///   - finished: Called with each model's `phase.json`.
  /// - Throws: `CancellationError` where it was stopped, or a line that says what cannot be found out.
  public func prepare(
    shouldStop: @escaping @Sendable () -> Bool, finished: (_ name: String, _ phase: JSONValue) throws -> Void
  ) async throws {
    let watch = Task { [gate] in
      while !shouldStop() { try await Task.sleep(for: .milliseconds(100)) }
      gate.shut()
    }
    defer { watch.cancel() }
    for model in models {
      await model.studySymmetry(gate)
      if shouldStop() { throw CancellationError() }
      guard let phase = try await model.phase() else {
        if case .absent(let reason) = model.known.line { throw ServingError.unknown(reason) }
        throw CancellationError()
      }
      try finished(model.name, phase)
    }
  }

  private func configuration() throws(ServingError) -> HTTPServer.Configuration {
    do {
      if settings.host.contains(":") {
        return .init(address: try sockaddr_in6.inet6(ip6: settings.host, port: settings.port), logger: .disabled)
      }
      let host = settings.host == "localhost" ? "127.0.0.1" : settings.host
      return .init(address: try sockaddr_in.inet(ip4: host, port: settings.port), logger: .disabled)
    } catch {
      throw .host(settings.host)
    }
  }
}

extension HTTPServer {
  /// The port that is listened at.
  fileprivate var port: UInt16? {
    switch listeningAddress {
    case .ip4(_, let port)?, .ip6(_, let port)?: port
    default: nil
    }
  }
}

/// Why a server does not start.
public enum ServingError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Something of a model that cannot be found out.
  case unknown(String)
  /// A text that is no address.
  case host(String)
  /// An address that cannot be listened at.
  case address(host: String, port: UInt16)

  /// The fault as one line.
  public var description: String {
    switch self {
    case .unknown(let reason): reason
    case .host(let host): "\(host) is no address in numbers such as 127.0.0.1 or ::1"
    case .address(let host, let port):
      "\(host):\(port) cannot be listened at: it is in use, or no address of this machine"
    }
  }
}
