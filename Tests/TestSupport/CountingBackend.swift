public import Compute
public import Instruments

/// A backend that passes everything on to another and counts how often its user waits.
public final class CountingBackend: ForwardingBackend {
  /// The backend that does the work.
  public let base: any Backend
  /// Calls that wait for the device.
  public var waits = 0

  /// A backend that counts the waits for another.
  public init(_ base: any Backend) {
    self.base = base
  }

  /// Counted.
  public func read(_ source: Buffer, into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    waits += 1
    try base.read(source, into: destination)
  }

  /// Counted.
  public func read(_ sources: [Buffer], into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    waits += 1
    try base.read(sources, into: destination)
  }

  /// Counted.
  public func synchronize() throws(DeviceError) {
    waits += 1
    try base.synchronize()
  }

  /// Counted.
  public func checkGuardZones() throws(DeviceError) {
    waits += 1
    try base.checkGuardZones()
  }
}
