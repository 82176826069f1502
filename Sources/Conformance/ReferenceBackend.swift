public import Compute

/// The oracle: every operation by its formula, in plain loops over Double, one sample after the other.
///
/// It is meant to be read beside the protocol and to be slow. Values live as Double in `[batch, channels, height, width]`
/// order and are rounded to 32 bits only by ``read(_:into:)``, so that differences of its results mean something;
/// coefficients are not rounded either. It has no pool, no guard zones (there is no memory to write outside of) and no
/// failures, and reports no memory use.
public final class ReferenceBackend: Backend {
  /// A made-up device.
  public let device = DeviceDescription(
    backend: "reference", index: 0, name: "reference", vendor: "diffuse-gpu", driver: "Double", kind: .cpu,
    computeUnits: 1, memoryBytes: .max, largestAllocationBytes: .max)

  /// An oracle.
  public init() {}

  /// A buffer whose contents are NaN until written.
  public func makeBuffer(count: Int) -> Buffer { ReferenceBuffer(count: count) }

  /// An activation whose contents are NaN until written.
  public func makeFeatureMap(_ shape: FeatureMapShape) -> FeatureMap { ReferenceActivation(shape: shape) }

  /// Copies values, exactly.
  public func write(_ source: UnsafeBufferPointer<Float>, to destination: Buffer) {
    precondition(
      source.count == destination.count, "\(source.count) values do not fill a buffer of \(destination.count)")
    destination.values = source.map(Double.init)
  }

  /// Copies values, rounded to 32 bits.
  public func read(_ source: Buffer, into destination: UnsafeMutableBufferPointer<Float>) throws(DeviceError) {
    precondition(source.count == destination.count, "\(source.count) values do not fill \(destination.count)")
    for (index, value) in source.values.enumerated() { destination[index] = Float(value) }
  }

  /// Has nothing to wait for.
  public func synchronize() throws(DeviceError) {}

  /// Eight bytes a value.
  public func byteCount(of shape: FeatureMapShape) -> Int { 8 * shape.count }

  /// Nothing: the oracle keeps no account.
  public var memoryUse: MemoryUse { .init() }

  /// No budget.
  public var memoryBudget: Int { .max }

  /// Has no pool.
  public func releaseUnusedMemory() {}

  /// Holds trivially.
  public func checkGuardZones() throws(DeviceError) {}
}

extension ReferenceBackend {
  /// The values of a buffer before rounding.
  package func exactValues(of buffer: Buffer) -> [Double] { buffer.values }

  /// The values of an activation before rounding, as `[batch, channels, height, width]`.
  package func exactValues(of activation: FeatureMap) -> [Double] { activation.values }

  /// Replaces the values of a buffer, without rounding.
  package func setExactValues(_ values: [Double], of buffer: Buffer) {
    precondition(values.count == buffer.count, "\(values.count) values do not fill a buffer of \(buffer.count)")
    buffer.values = values
  }

  /// Replaces the values of an activation, without rounding.
  package func setExactValues(_ values: [Double], of activation: FeatureMap) {
    precondition(values.count == activation.shape.count, "\(values.count) values do not fill \(activation.shape)")
    activation.values = values
  }
}

private final class ReferenceBuffer: Buffer {
  var storage: [Double]

  override init(count: Int) {
    storage = .init(repeating: .nan, count: count)
    super.init(count: count)
  }
}

private final class ReferenceActivation: FeatureMap {
  var storage: [Double]

  override init(shape: FeatureMapShape) {
    storage = .init(repeating: .nan, count: shape.count)
    super.init(shape: shape)
  }
}

extension Buffer {
  /// The values, if the oracle made the buffer.
  var values: [Double] {
    get { reference.storage }
    set { reference.storage = newValue }
  }

  private var reference: ReferenceBuffer {
    guard let reference = self as? ReferenceBuffer else { preconditionFailure("a buffer of another backend") }
    return reference
  }
}

extension FeatureMap {
  /// The values, if the oracle made the activation.
  var values: [Double] {
    get { reference.storage }
    set { reference.storage = newValue }
  }

  private var reference: ReferenceActivation {
    guard let reference = self as? ReferenceActivation else { preconditionFailure("an activation of another backend") }
    return reference
  }
}

extension Operand {
  /// The values of both activations, joined along the channels.
  var values: [Double] {
    guard let second else { return first.values }
    var joined: [Double] = []
    for sample in 0..<shape.batch {
      for part in [first, second] {
        let size = part.shape.channels * part.shape.pixels
        joined += part.values[sample * size..<(sample + 1) * size]
      }
    }
    return joined
  }
}

extension ReferenceBackend {
  /// The values of a parameter; it is a mistake to give the oracle one that lies on a device that has failed.
  package static func values(of parameter: Parameter) -> [Float] { values(of: Filter(parameter)) }

  /// The values of a filter in the order in which a convolution reads them.
  package static func values(of filter: Filter) -> [Float] {
    do {
      return try filter.values()
    } catch {
      preconditionFailure("\(error)")
    }
  }
}
