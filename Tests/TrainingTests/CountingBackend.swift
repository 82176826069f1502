import Compute
import Instruments

/// A backend that passes everything on to another and counts how often its user waits.
final class CountingBackend: ForwardingBackend {
  let base: any Backend
  /// Calls that wait for the device.
  var waits = 0

  /// A backend that counts the waits for another.
  init(_ base: any Backend) {
    self.base = base
  }

  func read(_ source: Buffer, into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    waits += 1
    try base.read(source, into: destination)
  }

  func read(_ sources: [Buffer], into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    waits += 1
    try base.read(sources, into: destination)
  }

  func synchronize() throws(DeviceError) {
    waits += 1
    try base.synchronize()
  }

  func checkGuardZones() throws(DeviceError) {
    waits += 1
    try base.checkGuardZones()
  }
}
