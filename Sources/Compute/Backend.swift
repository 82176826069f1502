/// A device able to evaluate a score network and to sample from it.
///
/// The protocol is eager and destination-passing: a call enqueues one coarse operation on one in-order queue and
/// returns; only ``MemoryOperations/read(_:into:)-(Buffer,_)`` and ``MemoryOperations/synchronize()`` wait. It is logical: shapes are
/// `[batch, channels, height, width]`, and how the values of an ``FeatureMap`` lie in memory is the backend's own business.
/// Wrong shapes are programming errors and stop the program; failures of the device are ``DeviceError``s that the next
/// wait throws. Results repeat bit for bit on one device, and which algorithm a layer takes depends on its shape and on
/// the device, never on the batch.
///
/// A backend, its buffers and its activations belong to one thread of control at a time.
public protocol Backend: AnyObject, MemoryOperations, FeatureMapOperations, RandomOperations, PointwiseOperations,
  MatrixOperations, ConvolutionOperations, NormalizationOperations, AttentionOperations, ResamplingOperations,
  ReductionOperations, OptimizerOperations
{
  /// The device behind the backend.
  var device: DeviceDescription { get }

  /// The arithmetic of the network's products, settled when the backend is opened.
  var precision: Precision { get }

  /// How the values of feature maps are stored.
  var featureMapPrecision: Precision { get }
}

extension Backend {
  /// Single precision, unless a backend says otherwise.
  public var precision: Precision { .float32 }

  /// Single precision, unless a backend says otherwise.
  public var featureMapPrecision: Precision { .float32 }
}

/// Settings with which a backend is opened.
public struct BackendOptions: Sendable, Hashable {
  /// Bytes that the backend may hold at once, or nil for the device's own limit.
  public var memoryBudget: Int?
  /// Threads of a backend on the host, or nil for one a core.
  public var threads: Int?
  /// Bytes of known pattern kept before and after everything that is allocated, for ``MemoryOperations/checkGuardZones()``.
  public var guardZoneBytes: Int
  /// The arithmetic of the network's products.
  public var precision: Precision
  /// Whether convolutions multiply every tap with every value, as the formula says, and take no faster algorithm that
  /// rounds differently.
  public var isExact: Bool
  /// Whether the driver keeps the time of every kernel; see ``DeviceActivityReporting/kernelTimings()``.
  public var isProfiled: Bool

  /// The defaults: no budget of its own, all cores, no guard zones, single precision, the fastest algorithms.
  public init(
    memoryBudget: Int? = nil, threads: Int? = nil, guardZoneBytes: Int = 0, precision: Precision = .float32,
    isExact: Bool = false, isProfiled: Bool = false
  ) {
    self.memoryBudget = memoryBudget
    self.threads = threads
    self.guardZoneBytes = guardZoneBytes
    self.precision = precision
    self.isExact = isExact
    self.isProfiled = isProfiled
  }
}
