import Compute
import ComputeCPU
import Conformance
import DeviceSelection
import Foundation

/// The backends on which training is tested: the CPU, and OpenCL if it is there.
func backendsUnderTest() throws -> [(name: String, backend: any Backend)] {
  var backends: [(String, any Backend)] = [("cpu", try CPUBackend())]
  do {
    backends.append(("opencl", try Devices.open(DeviceRequest("opencl"), .init(), selfCheck: false) { _ in }))
  } catch {
    // Where OpenCL must be there (in CI), a missing device fails.
    if ProcessInfo.processInfo.environment["DIFFUSE_REQUIRE_OPENCL"] == "1" { throw error }
  }
  return backends
}
