public import Compute
public import Instruments

/// One operation on inputs of one shape, with the error that is allowed.
///
/// Inputs are a function of the seed, so a case is the same on every device and in every run.
public struct ConformanceCase: Sendable {
  /// What is tested.
  public let operation: OperationKind
  /// What distinguishes the case from others of the operation, in a few words; unique together with the operation.
  public let name: String
  /// The seed of the inputs.
  public let seed: UInt64
  /// What the inputs are, apart from their shapes.
  public let values: ValueClass
  /// The error that is allowed.
  public let tolerance: Tolerance
  /// The operation as it is asked for: sizes, floating-point operations and bytes.
  public let record: OperationRecord
  /// The classes of shapes to which the case belongs, derived from the record.
  public let shapeClasses: Set<ShapeClass>

  private let make: @Sendable (CaseInputs) -> PreparedCase

  /// A case of what `make` prepares; all else is derived from how it calls a backend.
  init(
    _ operation: OperationKind, _ name: String, values: ValueClass = .ordinary, tolerance: Tolerance,
    make: @escaping @Sendable (CaseInputs) -> PreparedCase
  ) {
    self.operation = operation
    self.name = name
    self.values = values
    self.tolerance = tolerance
    self.make = make
    self.seed = Self.seed(of: "\(operation.rawValue) \(name)")
    let plan = PlanningBackend()
    let prepared = make(.init(backend: plan, seed: seed))
    plan.reset()
    prepared.perform()
    _ = try? prepared.result()
    guard let record = plan.records.keys.first(where: { $0.operation == operation }) else {
      preconditionFailure("the case '\(name)' of \(operation) does not call it")
    }
    self.record = record
    self.shapeClasses = ShapeClass.classes(of: record)
  }

  /// Operation and name in one.
  public var title: String { "\(operation.rawValue) \(name)" }

  /// How long the case takes on a slow device.
  public var size: SizeClass {
    switch record.floatingPointOperations + record.bytesRead + record.bytesWritten {
    case ..<50_000: .tiny
    case ..<10_000_000: .small
    default: .large
    }
  }

  /// Independent samples of the case, if it works on any.
  public var batch: Int? {
    switch record.shape {
    // Gradients of weights are sums over the batch.
    case _ where operation == .convolveFilterGradient || operation == .normalizeGroupsGradient: nil
    case .activations(_, let result), .convolution(_, _, let result): result.batch
    case .rows(let count, _): operation == .fillNormal ? count : nil
    case .values, .product: nil
    }
  }

  /// The error that is allowed on a device whose products or feature maps have less precision.
  ///
  /// Both factors of every product are rounded, which gives their sums an error of about one unit roundoff; Winograd's
  /// transforms may make three of it, and the largest of many errors lies within four standard deviations. A value that is
  /// stored is rounded once; the oracle's is as well, and where an error has taken one of them across a tie they lie two unit
  /// roundoffs apart. What only moves values stays exact. Attention may round its weights where feature maps are rounded.
  ///
  /// - Parameters:
  ///   - precision: That of products.
  ///   - storage: That of feature maps.
  public func tolerance(in precision: Precision, storage: Precision = .float32) -> Tolerance {
    var (bound, reason) = (tolerance.bound, tolerance.reason)
    if operation == .convolve && precision != .float32 || operation == .attend && storage != .float32 {
      bound += 4 * precision.unitRoundoff
      reason += ", products in \(precision.rawValue)"
    }
    if tolerance.bound > 0, storage != .float32 {
      bound += 2 * storage.unitRoundoff
      reason += ", stored in \(storage.rawValue)"
    }
    return .init(bound: bound, isAbsolute: tolerance.isAbsolute, reason: reason)
  }

  /// Makes the inputs on a backend, so that the operation alone can be timed.
  ///
  /// - Parameters:
  ///   - backend: Where the case is to run.
  ///   - samples: The samples of the batch that are wanted, or nil for all.
  ///   - storage: How feature maps are stored; as the backend does by default.
  public func prepare(
    on backend: any Backend, samples: Range<Int>? = nil, storage: Precision? = nil
  ) -> PreparedCase {
    make(.init(backend: backend, seed: seed, storage: storage ?? backend.featureMapPrecision, samples: samples))
  }

  /// Makes the inputs, performs the operation once and reads the result.
  public func run(
    on backend: any Backend, samples: Range<Int>? = nil, storage: Precision? = nil
  ) throws(DeviceError) -> [Float] {
    let prepared = prepare(on: backend, samples: samples, storage: storage)
    prepared.perform()
    return try prepared.result()
  }

  /// FNV-1a of a title: the seed changes with nothing but the title.
  private static func seed(of title: String) -> UInt64 {
    title.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}

/// A case whose inputs lie on a backend.
public struct PreparedCase {
  /// Enqueues the operation.
  public let perform: () -> Void
  /// Waits and reads the result.
  public let result: () throws(DeviceError) -> [Float]

  init(perform: @escaping () -> Void, result: @escaping () throws(DeviceError) -> [Float]) {
    self.perform = perform
    self.result = result
  }
}

/// How much work a case is.
public enum SizeClass: String, Sendable, Hashable, CaseIterable {
  /// Fit for an interpreter of kernels such as oclgrind.
  case tiny
  /// Some milliseconds at most.
  case small
  /// Large enough to be timed.
  case large
}

/// What the inputs of a case are, apart from their shapes.
public enum ValueClass: String, Sendable, Hashable, CaseIterable {
  /// Normals, or uniform values.
  case ordinary
  /// Some are NaN.
  case nan
  /// Some are infinite.
  case infinity
  /// All are zero.
  case zeros
  /// Large enough that an exponential of theirs is infinite.
  case huge
  /// Their mean is far from zero, compared with their deviation.
  case largeMean
  /// All of a channel are the same.
  case constantChannels
}
