import Compute
import ComputeOpenCL
import Foundation
import TestSupport
import Testing

/// The device that the tests run on: the first that is a processor, else the first.
func testDevice() throws -> OpenCLDevice {
  do {
    let devices = try OpenCLDevice.devices()
    return try #require(devices.first { $0.description.kind == .cpu } ?? devices.first)
  } catch let error as DeviceError {
    // Where OpenCL must be there (in CI), a missing device fails; elsewhere the test counts as cancelled, with the reason.
    if ProcessInfo.processInfo.environment["DIFFUSE_REQUIRE_OPENCL"] == "1" { throw error }
    try Test.cancel("\(error)")
  }
}

/// A backend on that device.
func makeBackend(
  _ tier: KernelTier = .cpu, _ options: BackendOptions = .init(), matrixUnits: MatrixUnits = .none
) throws -> OpenCLBackend {
  try OpenCLBackend(device: try testDevice(), options: options, tier: tier, matrixUnits: matrixUnits)
}

/// A folder with the embedded kernels, one text of one file replaced by another.
func changedKernels(_ file: String, _ old: String, _ new: String) throws -> TemporaryFolder {
  let folder = try TemporaryFolder()
  for (name, text) in KernelSources.embedded {
    if name == file { #expect(text.contains(old), "\(file) has changed; the test must follow") }
    let changed = name == file ? text.replacingOccurrences(of: old, with: new) : text
    try changed.write(toFile: folder.path(name), atomically: false, encoding: .utf8)
  }
  return folder
}
