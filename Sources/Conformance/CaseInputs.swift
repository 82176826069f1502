import Compute
import Instruments

/// Makes the inputs and destinations of one case on one backend.
///
/// Destinations hold NaN before the operation, so that a value that it reads or forgets to write shows.
struct CaseInputs {
  /// Where the case runs.
  let backend: any Backend
  /// The seed of the case.
  let seed: UInt64
  /// How feature maps are stored: their values are rounded to it before anything is computed, and compared in it.
  var storage = Precision.float32
  /// The samples of the batch that are wanted, or nil for all.
  var samples: Range<Int>?

  /// The samples of a batch that are wanted.
  func samples(of batch: Int) -> Range<Int> { samples ?? 0..<batch }

  /// Random values; zeros on a backend that only plans.
  func values(_ stream: UInt64, _ count: Int, _ distribution: Distribution = .normal()) -> [Float] {
    if backend is PlanningBackend { return .init(repeating: 0, count: count) }
    return InputStream(seed: seed, stream: stream).values(count, distribution)
  }

  /// A buffer of random values.
  func buffer(_ stream: UInt64, _ count: Int, _ distribution: Distribution = .normal()) -> Buffer {
    backend.makeBuffer(values(stream, count, distribution))
  }

  /// A parameter of random values.
  func parameter(_ stream: UInt64, _ shape: [Int], _ distribution: Distribution = .normal()) -> Parameter {
    .init(shape: shape, values: values(stream, shape.reduce(1, *), distribution))
  }

  /// An activation of random values: those of the wanted samples of the whole batch.
  func activation(
    _ stream: UInt64, _ shape: FeatureMapShape, _ distribution: Distribution = .normal(),
    _ change: (inout [Float]) -> Void = { _ in }
  ) -> FeatureMap {
    var values = values(stream, shape.count, distribution)
    change(&values)
    return activation(values, shape)
  }

  /// An activation of given values: those of the wanted samples of the whole batch.
  func activation(_ values: [Float], _ shape: FeatureMapShape) -> FeatureMap {
    let samples = samples(of: shape.batch)
    let size = shape.channels * shape.pixels
    let part = values[samples.lowerBound * size..<samples.upperBound * size].map(storage.rounded)
    let activation = backend.makeFeatureMap(shape.with(batch: samples.count))
    backend.enter(backend.makeBuffer(part), scale: 1, shift: 0, into: activation)
    return activation
  }

  /// A buffer of NaN.
  func destination(count: Int) -> Buffer {
    backend.makeBuffer([Float](repeating: .nan, count: count))
  }

  /// An activation of NaN, for the wanted samples of the whole batch.
  func destination(_ shape: FeatureMapShape) -> FeatureMap {
    activation(.init(repeating: .nan, count: shape.count), shape)
  }

  /// The case that performs an operation and whose result is an activation.
  func prepared(_ destination: FeatureMap, _ perform: @escaping () -> Void) -> PreparedCase {
    let (backend, storage) = (backend, storage)
    return PreparedCase(perform: perform) { () throws(DeviceError) in
      let result = backend.makeBuffer([Float](repeating: .nan, count: destination.shape.count))
      backend.leave(destination, into: result)
      return try backend.read(result).map(storage.rounded)
    }
  }

  /// The case that performs an operation and whose result is a buffer.
  func prepared(_ destination: Buffer, _ perform: @escaping () -> Void) -> PreparedCase {
    let backend = backend
    return PreparedCase(perform: perform) { () throws(DeviceError) in try backend.read(destination) }
  }
}

extension FeatureMapShape {
  /// The same extents with another number of samples.
  func with(batch: Int) -> Self {
    .init(batch: batch, channels: channels, height: height, width: width)
  }
}
