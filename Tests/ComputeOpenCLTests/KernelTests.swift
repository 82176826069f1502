import Compute
import ComputeOpenCL
import Foundation
import TestSupport
import Testing

@Suite("The kernels and their sources", .serialized)
struct KernelTests {
  /// `Kernels/` of this repository.
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Kernels")
    .standardizedFileURL.path

  @Test("The program carries every file of Kernels/, byte for byte, and no other")
  func embedsAll() throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder).sorted()
    #expect(KernelSources.embedded.map(\.name) == names)
    for (name, text) in KernelSources.embedded {
      #expect(try String(contentsOfFile: "\(Self.folder)/\(name)", encoding: .utf8) == text, "\(name)")
    }
  }

  @Test("What is compiled for graphics processors without one has the macros of the tier for them")
  func compiledForGPUs() throws {
    let all = KernelSources.embedded.map(\.text).joined()
    let options = LaunchParameters(tier: .gpu, nativeVectorWidth: 1).options(for: all)
    let check = try String(contentsOfFile: "\(Self.folder)/../.ci/check-gpu-code", encoding: .utf8)
    #expect(check.contains("options = \"\(options)\""), "\(options)")
  }

  @Test("A text is compiled with the macros that it mentions, and with no other")
  func macros() {
    let parameters = LaunchParameters(tier: .cpu, nativeVectorWidth: 8, storage: .bfloat16)
    #expect(parameters.options(for: "LANES, QUERIES") == "-cl-std=CL1.2 -DLANES=8 -DQUERIES=4")
    #expect(parameters.options(for: "STORAGE") == "-cl-std=CL1.2 -DSTORAGE=2")
    #expect(parameters.options(for: "") == "-cl-std=CL1.2")
  }

  @Test("A folder replaces the embedded texts")
  func folderReplaces() throws {
    let folder = try changedKernels("pointwise.cl", "min(max(x[i]", "max(x[i]")
    let doubled = try changedKernels("pointwise.cl", "vector sum = c0 *", "vector sum = 2.0f * c0 *")
    for (path, factor) in [(folder, Float(3)), (doubled, 6)] {
      let backend = try OpenCLBackend(device: try testDevice(), tier: .cpu, kernels: path.url.path)
      let values = backend.makeBuffer([1, 2, 4])
      backend.combine([Term(3, values)], into: values)
      #expect(try backend.read(values) == [factor, 2 * factor, 4 * factor])
    }
  }

  @Test("A folder that is missing or lacks a file is refused in one line that names the file")
  func folderIncomplete() throws {
    let device = try testDevice()
    let folder = try changedKernels("matrix.cl", "softmax_rows", "softmax_rows")
    try FileManager.default.removeItem(atPath: folder.path("matrix.cl"))
    for path in [folder.url.path, "/nonexistent"] {
      let error = #expect(throws: DeviceError.self) {
        _ = try OpenCLBackend(device: device, tier: .cpu, kernels: path)
      }
      #expect(error?.reason == .unavailable)
      #expect(error?.message.contains(path == "/nonexistent" ? "/nonexistent/" : "matrix.cl") == true)
      #expect(error?.message.contains("\n") == false)
    }
  }

  @Test("A kernel that does not compile is thrown by the next wait, with the compiler's log")
  func doesNotCompile() throws {
    let folder = try changedKernels(
      "pointwise.cl", "destination[index] = x / limit;", "destination[index] = y / limit;")
    let backend = try OpenCLBackend(device: try testDevice(), tier: .cpu, kernels: folder.url.path)
    let values = backend.makeBuffer([1, 2, 4])
    backend.clamp(values, lower: 0, upper: 1, into: values)
    let error = #expect(throws: DeviceError.self) { try backend.synchronize() }
    #expect(error?.reason == .kernelBuild)
    #expect(error?.message.hasPrefix("pointwise.cl does not compile (BUILD_PROGRAM_FAILURE)") == true)
    try backend.synchronize()
    #expect(try backend.read(values) == [1, 2, 4])
  }

  @Test("A kernel that writes past the end of its buffer changes a guard zone", arguments: [1, 64])
  func guardZones(count: Int) throws {
    let folder = try changedKernels("pointwise.cl", "destination[index] = factors", "destination[index + 1] = factors")
    let backend = try OpenCLBackend(
      device: try testDevice(), options: .init(guardZoneBytes: 64), tier: .cpu, kernels: folder.url.path)
    let values = backend.makeBuffer([Float](repeating: 1, count: count))
    try backend.checkGuardZones()
    backend.scaleRows(values, by: backend.makeBuffer([1]), into: values)
    let error = #expect(throws: DeviceError.self) { try backend.checkGuardZones() }
    #expect(error?.reason == .guardZone)
  }
}
