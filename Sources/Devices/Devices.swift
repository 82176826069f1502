public import Compute
import ComputeCPU

/// The devices of this machine.
public enum Devices {
  /// Opens the device that a request selects.
  ///
  /// - Parameters:
  ///   - request: What the user asks for.
  ///   - options: Budget, threads, guard zones.
  ///   - notice: Called with a line for the user where the choice is not what they may expect.
  /// - Throws: ``DeviceChoiceError`` or ``DeviceError``, one line each.
  public static func open(
    _ request: DeviceRequest, _ options: BackendOptions = .init(), notice: (String) -> Void = { _ in }
  ) throws -> any Backend {
    try CPUBackend(options: options)
  }
}
