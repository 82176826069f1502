public import Compute
import ComputeCPU
import ComputeOpenCL
import Conformance
import Files

/// The devices of this machine.
public enum Devices {
  /// What was found: the CPU, the OpenCL devices in the order of their drivers, and why there are none of these.
  public struct Listing: Sendable {
    /// The CPU backend.
    public let cpu: DeviceDescription
    /// The OpenCL devices; `opencl:N` names the N-th.
    public let openCL: [DeviceDescription]
    /// Why there is no OpenCL device, as one line; nil if there is one.
    public let openCLProblem: String?
    let openCLDevices: [OpenCLDevice]

    /// All devices, the CPU first.
    public var all: [DeviceDescription] { [cpu] + openCL }
  }

  /// Looks for devices; finding none but the CPU is no error.
  public static func find() -> Listing {
    do throws(DeviceError) {
      let devices = try OpenCLDevice.devices()
      return .init(
        cpu: CPUBackend.describe(), openCL: devices.map(\.description), openCLProblem: nil, openCLDevices: devices)
    } catch {
      return .init(cpu: CPUBackend.describe(), openCL: [], openCLProblem: error.message, openCLDevices: [])
    }
  }

  /// Opens the device that a request selects, after a self-check if it is reached through OpenCL.
  ///
  /// With ``DeviceRequest/auto`` a device that does not open or gives wrong results is told to `notice`, and the CPU is opened
  /// instead; asked for by name, it is an error.
  ///
  /// - Parameters:
  ///   - request: What the user asks for.
  ///   - options: Budget, threads, guard zones.
  ///   - selfCheck: Whether an OpenCL device must pass a short check first.
  ///   - notice: Called with a line for the user where the choice is not what they may expect.
  /// - Throws: ``DeviceChoiceError`` or `DeviceError`, one line each.
  public static func open(
    _ request: DeviceRequest, _ options: BackendOptions = .init(), selfCheck: Bool = true,
    notice: (String) -> Void = { _ in }
  ) throws -> any Backend {
    // A driver's loader takes its time and may print; who asks for the CPU never meets it.
    if request == .cpu { return try CPUBackend(options: options) }
    let listing = find()
    let choice = try DeviceChoice(
      request, cpu: listing.cpu, openCL: listing.openCL, openCLProblem: listing.openCLProblem)
    if let text = choice.notice { notice(text) }
    guard choice.device.backend == "opencl" else { return try CPUBackend(options: options) }
    do throws(DeviceError) {
      let backend = try openCL(listing.openCLDevices[choice.device.index], options, selfCheck: selfCheck)
      takeTuning(backend, notice)
      return backend
    } catch {
      guard request == .auto else { throw error }
      notice("using the CPU: \(error)")
      return try CPUBackend(options: options)
    }
  }

  /// Takes the choices that were measured on the device, unless `DIFFUSE_TUNING` is `off`; a table that cannot be read is told of.
  private static func takeTuning(_ backend: OpenCLBackend, _ notice: (String) -> Void) {
    guard environment("DIFFUSE_TUNING") != "off" else { return }
    do throws(FileError) {
      if let tuning = try TuningFile.read(for: backend) { backend.tuning = tuning }
    } catch {
      notice("\(error)")
    }
  }

  private static func openCL(
    _ device: OpenCLDevice, _ options: BackendOptions, selfCheck: Bool
  ) throws(DeviceError) -> OpenCLBackend {
    let backend = try OpenCLBackend(device: device, options: options)
    guard selfCheck else { return backend }
    do throws(DeviceError) {
      try ConformanceSuite.selfCheck(on: backend)
      return backend
    } catch {
      // The fault may be a cached binary's; compiled programs are asked once more.
      guard backend.dropCachedPrograms() else { throw error }
      let backend = try OpenCLBackend(device: device, options: options)
      try ConformanceSuite.selfCheck(on: backend)
      return backend
    }
  }

  /// Backends on the same device that take other algorithms, so that a check reaches all kernels; see `OpenCLBackend.others()`.
  public static func variants(of backend: any Backend) throws(DeviceError) -> [any Backend] {
    try (backend as? OpenCLBackend)?.others() ?? []
  }
}
