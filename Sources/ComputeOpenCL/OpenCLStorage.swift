import Compute

/// Exact values on an OpenCL device; without memory if its allocation failed.
final class OpenCLBuffer: Buffer {
  let memory: DeviceMemory?

  init(count: Int, memory: DeviceMemory?) {
    self.memory = memory
    super.init(count: count)
  }
}

/// An activation on an OpenCL device, channels-last and padded; without memory if its allocation failed.
final class OpenCLActivation: FeatureMap {
  let memory: DeviceMemory?

  init(shape: FeatureMapShape, memory: DeviceMemory?) {
    self.memory = memory
    super.init(shape: shape)
  }
}

extension FeatureMapShape {
  /// Channels in memory: those there are, rounded up to a multiple of 16; `PADDED` of common.cl.
  var paddedChannels: Int { channels.roundedUp(to: 16) }

  /// Values in memory, padding included.
  var paddedCount: Int { batch * pixels * paddedChannels }
}

extension Int {
  /// The least multiple of a number that is not less.
  func roundedUp(to step: Int) -> Int { dividedUp(by: step) * step }

  /// How many pieces of a size cover it.
  func dividedUp(by size: Int) -> Int { (self + size - 1) / size }
}
