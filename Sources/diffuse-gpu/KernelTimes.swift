import DiffuseGPU
import Foundation

/// What `DIFFUSE_PROFILE=1` prints after a run: the time of each kernel on the devices that the run opened.
enum KernelTimes {
  /// Whether the environment asks for them.
  static var areWanted: Bool { ProcessInfo.processInfo.environment["DIFFUSE_PROFILE"] == "1" }

  // Only the main thread opens devices and prints at the end.
  private nonisolated(unsafe) static var devices: [(name: String, backend: any DeviceActivityReporting)] = []

  /// Keeps a device until the end of the run.
  static func keep(_ backend: any Backend) {
    guard areWanted, let device = backend as? any DeviceActivityReporting else { return }
    devices.append((backend.device.name, device))
  }

  /// Prints the times to standard error.
  static func report() throws {
    for (name, device) in devices {
      let activity = device.activity, timings = try device.kernelTimings()
      StandardStream.error.offer(
        "\(name): \(activity.launches) kernels, \(activity.waits) waits, \(activity.bytesWritten) bytes written, "
          + "\(activity.bytesRead) read\n\(timings.table)\n")
    }
  }
}

extension [KernelTiming] {
  /// A line a kernel, the costliest first.
  var table: String {
    let total = reduce(0) { $0 + $1.seconds }
    let lines = map { timing in
      [
        padded("\(timing.launches)", 8), padded(String(format: "%.3f", 1e3 * timing.seconds), 11),
        padded(String(format: "%.1f%%", total > 0 ? 100 * timing.seconds / total : 0), 6), " " + timing.name,
      ].joined(separator: " ")
    }
    return (["launches          ms  share  kernel, by the device's clock"] + lines).joined(separator: "\n")
  }
}
