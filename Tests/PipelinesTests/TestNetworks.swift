import Compute
import ComputeCPU
import DeviceSelection
import Foundation
import Networks
import Tensors

/// The backends on which denoisers are tested: the CPU, and OpenCL if it is there.
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

/// A small network with initial weights, for images of two channels and 8x8 pixels.
func smallNetwork(_ change: (inout UNetConfiguration) -> Void) throws -> UNet {
  var configuration = UNetConfiguration()
  configuration.sampleSize = .init(height: 8, width: 8)
  (configuration.inputChannels, configuration.outputChannels) = (2, 2)
  configuration.blockChannels = [8, 12]
  configuration.downBlocks = [.plain, .attention]
  configuration.upBlocks = [.attention, .plain]
  configuration.layersPerBlock = 1
  configuration.normalizationGroups = 4
  configuration.headWidth = 6
  change(&configuration)
  return try UNet(configuration, parameters: InitialParameters(seed: 3))
}
