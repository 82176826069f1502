public import Compute
public import Instruments
public import Models
import Networks
public import Tensors

/// The speed of a device at each operation and at a whole network, beside its peaks.
public struct DeviceBenchmark: Sendable {
  /// The measured peaks of the device.
  public struct Ceilings: Sendable {
    /// Additions and multiplications a second from registers, in the precision of products; nil where it is not
    /// measured.
    public let arithmetic: Double?
    /// Additions and multiplications a second of a product of two square matrices of 1,536 rows.
    public let product: Double
    /// Bytes a second read and written by a copy of 128 MiB, `a = b`.
    public let copy: Double
    /// Bytes a second read and written by a triad of the same size, `a = b + s c` (McCalpin 1995).
    public let triad: Double
  }

  /// One operation on one set of sizes.
  public struct Entry: Sendable {
    /// What it is and what it costs.
    public let record: OperationRecord
    /// How the device does it, where there is a choice.
    public let method: String?
    /// Calls in an evaluation, or one.
    public let calls: Int
    /// Seconds of a call.
    public let seconds: Double

    /// Additions and multiplications a second, those of the direct method.
    public var arithmetic: Double { Double(record.floatingPointOperations) / seconds }
    /// Bytes a second, each operand and result counted once.
    public var traffic: Double { Double(record.bytesRead + record.bytesWritten) / seconds }
    /// Seconds of all calls.
    public var totalSeconds: Double { Double(calls) * seconds }

    package init(record: OperationRecord, method: String?, calls: Int, seconds: Double) {
      self.record = record
      self.method = method
      self.calls = calls
      self.seconds = seconds
    }
  }

  /// The device's name.
  public let device: String
  /// The arithmetic of products.
  public let precision: Precision
  /// The peaks of the device; nil if only the network was measured.
  public let ceilings: Ceilings?
  /// Operations on exact values, which samplers use, on a million values; nil where only the network was measured.
  public let exact: [Entry]?
  /// The operations of an evaluation of the network, the costliest first, each waited for.
  public let layers: [Entry]
  /// The model's name, the extents of an image and the images of an evaluation.
  public let model: (name: String, shape: ImageShape, batch: Int)
  /// Seconds of each evaluation of the network, without waits in between.
  public let evaluations: [Double]
  /// Additions and multiplications of an evaluation, by the direct method.
  public let floatingPointOperations: Int
  /// The most bytes that the backend held.
  public let peakMemory: Int
  /// What an evaluation asks of the device, its weights being prepared; nil where the backend does not tell.
  public let activity: DeviceActivity?
  /// The time of each kernel in an evaluation; none unless the backend was opened to measure it.
  public let kernels: [KernelTiming]

  /// Seconds of an evaluation: the median, of an even number the mean of the two in the middle.
  public var seconds: Double {
    let sorted = evaluations.sorted(), middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  /// A report of the network alone, of given times.
  package init(
    device: String, model: (name: String, shape: ImageShape, batch: Int), evaluations: [Double], layers: [Entry]
  ) {
    self.device = device
    self.model = model
    self.evaluations = evaluations
    self.layers = layers
    precision = .float32
    floatingPointOperations = layers.reduce(0) { $0 + $1.calls * $1.record.floatingPointOperations }
    peakMemory = 0
    activity = nil
    kernels = []
    ceilings = nil
    exact = nil
  }

  /// Measures a device.
  ///
  /// - Parameters:
  ///   - model: The network.
  ///   - shape: The extents of its images.
  ///   - batch: Images of an evaluation.
  ///   - repetitions: Evaluations that count.
  ///   - measuresDevice: Whether ceilings and operations on exact values are measured too; no network changes them.
  ///   - backend: The device.
  public init(
    _ model: Model, _ shape: ImageShape, batch: Int, repetitions: Int, measuresDevice: Bool = true,
    on backend: any Backend
  ) throws {
    device = backend.device.name
    precision = backend.precision
    self.model = (model.name, shape, batch)
    floatingPointOperations = try ModelSummary(of: model.network, shape, batch: batch).floatingPointOperations
    // The network comes first, so that its peak of memory is its own.
    evaluations = try Self.evaluate(model.network, shape, batch, on: backend, repetitions: repetitions)
    peakMemory = backend.memoryUse.peak
    (activity, kernels) = try Self.activity(of: model.network, shape, batch, on: backend)
    let timing = TimingBackend(backend)
    _ = try Self.evaluate(model.network, shape, batch, on: timing, repetitions: repetitions)
    layers = Self.entries(of: timing, repetitions: repetitions + 1).filter {
      // The state is the sampler's, not the network's.
      $0.record.operation != .write && $0.record.operation != .fillNormal
    }
    ceilings = measuresDevice ? try Self.ceilings(of: backend) : nil
    exact = measuresDevice ? try Self.exactOperations(on: TimingBackend(backend)) : nil
  }

  private static func noise(_ shape: ImageShape, _ batch: Int, on backend: any Backend) -> Tensor {
    Tensor.noise(
      [shape.channels, shape.height, shape.width], seeds: (0..<UInt64(batch)).map { $0 }, key: .init(step: 0),
      on: backend)
  }

  /// Counts what one evaluation asks of the device, and its kernels' times.
  private static func activity(
    of network: any DenoisingNetwork, _ shape: ImageShape, _ batch: Int, on backend: any Backend
  ) throws -> (DeviceActivity?, [KernelTiming]) {
    guard let device = backend as? any DeviceActivityReporting else { return (nil, []) }
    let x = noise(shape, batch, on: backend)
    let earlier = Dictionary(uniqueKeysWithValues: try device.kernelTimings().map { ($0.name, $0) })
    let before = device.activity
    _ = try network(x, timesteps: [500], classLabels: network.exampleLabel)
    let activity = device.activity - before
    let kernels = try device.kernelTimings().compactMap { timing -> KernelTiming? in
      let launches = timing.launches - (earlier[timing.name]?.launches ?? 0)
      guard launches > 0 else { return nil }
      return KernelTiming(
        name: timing.name, launches: launches, seconds: timing.seconds - (earlier[timing.name]?.seconds ?? 0))
    }
    return (activity, kernels.sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) })
  }

  /// Times evaluations; one before them prepares weights.
  private static func evaluate(
    _ network: any DenoisingNetwork, _ shape: ImageShape, _ batch: Int, on backend: any Backend, repetitions: Int
  ) throws -> [Double] {
    let x = noise(shape, batch, on: backend)
    return try (0...repetitions).map { _ in
      try backend.synchronize()
      return try Duration.seconds {
        _ = try network(x, timesteps: [500], classLabels: network.exampleLabel)
        try backend.synchronize()
      }
    }.suffix(repetitions)
  }

  /// What was timed, the costliest first.
  private static func entries(of timing: TimingBackend, repetitions: Int) -> [Entry] {
    timing.timings.map { record, found in
      var method: String?
      if case .convolution(let shape, _, let output) = record.shape {
        method = timing.method(of: shape, output: output).name
      }
      return Entry(
        record: record, method: method, calls: max(1, found.calls / repetitions),
        seconds: found.seconds / Double(found.calls))
    }.sorted { ($1.totalSeconds, $0.record.shape.description) < ($0.totalSeconds, $1.record.shape.description) }
  }

  private static func ceilings(of backend: any Backend) throws -> Ceilings {
    let length = 1 << 25, extent = 1536
    let values = backend.makeBuffer(count: length), others = backend.makeBuffer(count: length)
    let results = backend.makeBuffer(count: length)
    backend.fillNormal(values, seeds: [1], key: .init(step: 0))
    backend.fillNormal(others, seeds: [2], key: .init(step: 0))
    let matrix = backend.makeBuffer(count: extent * extent), product = backend.makeBuffer(count: extent * extent)
    backend.fillNormal(matrix, seeds: [1], key: .init(step: 0))
    func best(_ work: () -> Void) throws -> Double {
      try (0..<4).map { _ in
        try backend.synchronize()
        return try Duration.seconds {
          work()
          try backend.synchronize()
        }
      }.dropFirst().min() ?? .infinity
    }
    let copying = try best { backend.combine([Term(1, values)], into: results) }
    let adding = try best { backend.combine([Term(1, values), Term(0.5, others)], into: results) }
    let multiplying = try best {
      backend.multiplyMatrices(
        .init(rows: extent, columns: extent, inner: extent), alpha: 1, matrix, matrix, beta: 0, into: product)
    }
    return .init(
      arithmetic: try (backend as? any ArithmeticPeakMeasurement)?.measureArithmeticPeak(),
      product: 2 * Double(extent * extent * extent) / multiplying, copy: 8 * Double(length) / copying,
      triad: 12 * Double(length) / adding)
  }

  /// The operations of samplers between evaluations, and products with a data set.
  private static func exactOperations(on timing: TimingBackend) throws -> [Entry] {
    let rows = 1024, columns = 1024, count = rows * columns
    let a = timing.makeBuffer(count: count), b = timing.makeBuffer(count: count)
    let factors = timing.makeBuffer([Float](repeating: 2, count: rows))
    let host = [Float](repeating: 1, count: count)
    let repetitions = 5
    for repetition in 0...repetitions {
      if repetition == 1 { timing.reset() }
      timing.write(host, to: b)
      timing.fillNormal(a, seeds: (0..<UInt64(rows)).map { $0 }, key: .init(step: 0))
      timing.combine([Term(0.5, a), Term(0.5, b)], into: b)
      timing.clamp(a, lower: -1, upper: 1, into: b)
      timing.clampRows(a, limits: factors, into: b)
      timing.scaleRows(a, by: factors, into: b)
      timing.selectRows(a, Array((0..<rows).reversed()), into: b)
      timing.scaleByFunction(a, of: a, ScalingFunction(.exponential, scale: 0.5), into: b)
      timing.softmaxRows(a, columns: columns, scale: 1, offsets: nil, into: b)
      timing.multiplyMatrices(.init(rows: rows, columns: columns, inner: rows), alpha: 1, a, a, beta: 0, into: b)
    }
    try timing.synchronize()
    return entries(of: timing, repetitions: repetitions)
  }
}
