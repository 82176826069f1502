import Compute
import ComputeCPU
import ComputeOpenCL
import Conformance
import Foundation
import Testing

/// A backend that must pass the list.
struct TestedBackend: Sendable, CustomTestStringConvertible {
  /// How it is reached.
  let testDescription: String
  /// Whether a machine without it fails the tests instead of skipping them.
  let isRequired: Bool
  /// Opens it.
  let open: @Sendable (BackendOptions) throws -> any Backend

  /// All of them: a backend a line, and every device of OpenCL.
  static let all =
    [
      TestedBackend(testDescription: "cpu", isRequired: true) { try CPUBackend(options: $0) }
    ] + openCL

  private static var openCL: [TestedBackend] {
    let isRequired = ProcessInfo.processInfo.environment["DIFFUSE_REQUIRE_OPENCL"] == "1"
    do {
      return try OpenCLDevice.devices().map { device in
        let description = device.description
        return TestedBackend(
          testDescription: "opencl:\(description.index) \(description.name)", isRequired: isRequired
        ) { try OpenCLBackend(device: device, options: $0) }
      }
    } catch {
      return [TestedBackend(testDescription: "opencl", isRequired: isRequired) { _ in throw error }]
    }
  }
}

@Suite("Conformance of the devices", .serialized)
struct DeviceTests {
  @Test("A device passes every case, with guard zones around all that it allocates", arguments: TestedBackend.all)
  func passes(tested: TestedBackend) throws {
    let backend = try open(tested, .init(threads: 2, guardZoneBytes: 256))
    for result in ConformanceSuite.run(on: backend) {
      #expect(result.outcome == .passed, "\(result)")
    }
  }

  @Test("A device passes the self-check", arguments: TestedBackend.all)
  func passesSelfCheck(tested: TestedBackend) throws {
    try ConformanceSuite.selfCheck(on: try open(tested, .init()))
  }

  /// Opens a backend; one that is not there cancels the test, which counts as skipped with the reason, unless it is required.
  private func open(_ tested: TestedBackend, _ options: BackendOptions) throws -> any Backend {
    do {
      return try tested.open(options)
    } catch let error as DeviceError where error.reason == .unavailable && !tested.isRequired {
      try Test.cancel("\(error)")
    }
  }
}
