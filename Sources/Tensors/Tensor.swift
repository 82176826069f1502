public import Compute

/// Exact values on a device with a shape: what samplers, noise and statistics are made of.
///
/// A tensor is a value: operations return new ones and change none. The first axis counts rows (samples); images are
/// `[batch, channels, height, width]`. Work is enqueued and failures of the device are thrown by ``values()``.
public struct Tensor {
  /// The extents.
  public let shape: [Int]
  /// The values, row-major.
  public let buffer: Buffer
  /// The device that holds them.
  public let backend: any Backend

  /// A tensor around a buffer that has been filled.
  public init(_ buffer: Buffer, shape: [Int], on backend: any Backend) {
    precondition(buffer.count == shape.reduce(1, *), "\(buffer.count) values do not fill \(shape)")
    self.shape = shape
    self.buffer = buffer
    self.backend = backend
  }

  /// A tensor with the values of an array, row-major.
  public init(_ values: [Float], shape: [Int], on backend: any Backend) {
    self.init(backend.makeBuffer(values), shape: shape, on: backend)
  }

  /// Standard normals, one row a seed; row *i* depends on `seeds[i]` and `key` only.
  ///
  /// - Parameters:
  ///   - rowShape: The extents of one row; the result is `[seeds.count] + rowShape`.
  ///   - seeds: One seed a row.
  ///   - key: Which draw of the seeds' streams.
  ///   - backend: The device.
  public static func noise(_ rowShape: [Int], seeds: [UInt64], key: NoiseKey, on backend: any Backend) -> Self {
    let shape = [seeds.count] + rowShape
    let buffer = backend.makeBuffer(count: shape.reduce(1, *))
    backend.fillNormal(buffer, seeds: seeds, key: key)
    return .init(buffer, shape: shape, on: backend)
  }

  /// Values in all.
  public var count: Int { buffer.count }

  /// Extent of the first axis.
  public var rows: Int { shape[0] }

  /// Waits for the device and returns the values, row-major.
  public func values() throws(DeviceError) -> [Float] {
    try backend.read(buffer)
  }

  /// The same values under another shape of equal count, without a copy.
  public func reshaped(_ shape: [Int]) -> Self {
    .init(buffer, shape: shape, on: backend)
  }

  /// A tensor of this shape whose buffer `fill` is to write.
  func makeResult(shape: [Int]? = nil, _ fill: (Buffer) -> Void) -> Self {
    let shape = shape ?? self.shape
    let result = backend.makeBuffer(count: shape.reduce(1, *))
    fill(result)
    return .init(result, shape: shape, on: backend)
  }
}
