/// What kind of processor a device is.
public enum DeviceKind: String, Sendable, Hashable, Codable {
  /// A central processor.
  case cpu
  /// A graphics processor.
  case gpu
  /// Any other device that a driver offers.
  case accelerator
}

/// What a device says of itself, enough to choose it, to name it in messages and to plan memory for it.
public struct DeviceDescription: Sendable, Hashable, Codable {
  /// How the device is reached: `cpu` or `opencl`.
  public let backend: String
  /// The device's place among those of its backend, counted from zero.
  public let index: Int
  /// The device's own name.
  public let name: String
  /// Who made the device or its driver.
  public let vendor: String
  /// The driver and its version.
  public let driver: String
  /// What kind of processor it is.
  public let kind: DeviceKind
  /// Cores, or compute units.
  public let computeUnits: Int
  /// Bytes of memory in all.
  public let memoryBytes: Int
  /// The largest single allocation in bytes.
  public let largestAllocationBytes: Int

  /// A description, as a backend finds it or as a test makes it up.
  public init(
    backend: String, index: Int, name: String, vendor: String, driver: String, kind: DeviceKind, computeUnits: Int,
    memoryBytes: Int, largestAllocationBytes: Int
  ) {
    self.backend = backend
    self.index = index
    self.name = name
    self.vendor = vendor
    self.driver = driver
    self.kind = kind
    self.computeUnits = computeUnits
    self.memoryBytes = memoryBytes
    self.largestAllocationBytes = largestAllocationBytes
  }
}

/// A failure of a device, in one line that says what failed where.
///
/// Operations only enqueue; the first failure sticks to the backend, later operations do nothing, and the next wait
/// (``MemoryOperations/read(_:into:)-(Buffer,_)`` or ``MemoryOperations/synchronize()``) throws it.
public struct DeviceError: Error, Sendable, CustomStringConvertible {
  /// What went wrong.
  public enum Reason: Sendable, Hashable {
    /// The device, its driver or its loader is not there or does not open.
    case unavailable
    /// A kernel did not compile; the message carries the compiler's log.
    case kernelBuild
    /// Memory ran out, or would go past the budget.
    case outOfMemory
    /// The device refused or lost a piece of work.
    case execution
    /// A kernel wrote outside its buffer: a guard zone around it has changed.
    case guardZone
  }

  /// What went wrong.
  public let reason: Reason
  /// The device's name.
  public let device: String
  /// What failed, with the operation or kernel and the driver's own words.
  public let message: String

  /// A failure of a device.
  public init(_ reason: Reason, device: String, message: String) {
    self.reason = reason
    self.device = device
    self.message = message
  }

  /// The failure as one line for the user.
  public var description: String { "\(device): \(message)" }
}
