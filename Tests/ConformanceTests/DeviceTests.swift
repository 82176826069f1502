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
  /// Opens it.
  let open: @Sendable (BackendOptions) throws -> any Backend

  /// All of them: a backend a line.
  static let all = [TestedBackend(testDescription: "cpu") { try CPUBackend(options: $0) }] + openCL.devices

  /// Every device of OpenCL, or why there is none.
  static let openCL: (devices: [TestedBackend], problem: String?) = {
    do {
      let devices = try OpenCLDevice.devices().map { device in
        TestedBackend(testDescription: "opencl:\(device.description.index) \(device.description.name)") {
          try OpenCLBackend(device: device, options: $0)
        }
      }
      return (devices, nil)
    } catch {
      return ([], "\(error)")
    }
  }()

  /// Whether a machine without OpenCL fails the tests instead of skipping them.
  static let requiresOpenCL = ProcessInfo.processInfo.environment["DIFFUSE_REQUIRE_OPENCL"] == "1"
}

@Suite("Conformance of the devices", .serialized)
struct DeviceTests {
  @Test(
    "There is an OpenCL device to test",
    .enabled(
      if: TestedBackend.openCL.problem == nil || TestedBackend.requiresOpenCL,
      Comment(rawValue: TestedBackend.openCL.problem ?? "")))
  func findsOpenCL() {
    #expect(TestedBackend.openCL.problem == nil)
    #expect(!TestedBackend.openCL.devices.isEmpty)
  }

  @Test("A device passes every case, with guard zones around all that it allocates", arguments: TestedBackend.all)
  func passes(tested: TestedBackend) throws {
    let backend = try tested.open(.init(threads: 2, guardZoneBytes: 256))
    for result in ConformanceSuite.run(on: backend) {
      #expect(result.outcome == .passed, "\(result)")
    }
  }

  @Test("A device passes the self-check", arguments: TestedBackend.all)
  func passesSelfCheck(tested: TestedBackend) throws {
    try ConformanceSuite.selfCheck(on: try tested.open(.init()))
  }
}
