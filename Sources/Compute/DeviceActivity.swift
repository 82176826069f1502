/// What a backend has asked of its device.
public struct DeviceActivity: Sendable, Hashable {
  /// Kernels that were started.
  public var launches = 0
  /// How often the host waited for the device.
  public var waits = 0
  /// Bytes that were copied to the device.
  public var bytesWritten = 0
  /// Bytes that were copied from the device.
  public var bytesRead = 0

  /// Nothing yet.
  public init() {}

  /// What came after an earlier reading.
  public static func - (later: Self, earlier: Self) -> Self {
    var result = later
    result.launches -= earlier.launches
    result.waits -= earlier.waits
    result.bytesWritten -= earlier.bytesWritten
    result.bytesRead -= earlier.bytesRead
    return result
  }
}

/// The time of a kernel on the device, all its launches together.
public struct KernelTiming: Sendable, Hashable {
  /// The kernel's name.
  public let name: String
  /// How often it ran.
  public let launches: Int
  /// Seconds between the beginnings and the ends of its runs, without the time in the queue.
  public let seconds: Double

  /// The time of a kernel.
  public init(name: String, launches: Int, seconds: Double) {
    self.name = name
    self.launches = launches
    self.seconds = seconds
  }
}

/// A backend that tells what it asks of its device.
public protocol DeviceActivityReporting: AnyObject {
  /// What it has asked so far.
  var activity: DeviceActivity { get }

  /// The time of each kernel on the device so far, the costliest first; none unless the backend was opened to measure it
  /// (``BackendOptions/isProfiled``).
  ///
  /// - Throws: The first failure since the last wait.
  func kernelTimings() throws(DeviceError) -> [KernelTiming]
}
