public import Compute
import Foundation

extension ReferenceBackend {
  /// Computes `out = scale * x + shift`.
  public func enter(_ source: Buffer, scale: Float, shift: Float, into destination: FeatureMap) {
    precondition(source.count == destination.shape.count, "\(source.count) values do not fill \(destination.shape)")
    destination.values = source.values.map { Double(scale) * $0 + Double(shift) }
  }

  /// Computes `out = x`.
  public func leave(_ source: FeatureMap, into destination: Buffer) {
    precondition(destination.count == source.shape.count, "\(source.shape) does not fill \(destination.count) values")
    destination.values = source.values
  }

  /// Computes `out = f(x)`.
  public func activate(_ source: FeatureMap, _ function: Nonlinearity, into destination: FeatureMap) {
    precondition(source.shape == destination.shape, "\(source.shape) does not go into \(destination.shape)")
    destination.values = source.values.map(function.callAsFunction)
  }

  /// Computes `out[b, c] = table[indices[b], c]`.
  public func lookUpEmbedding(of table: Parameter, _ indices: [Int], into destination: FeatureMap) {
    let shape = destination.shape
    precondition(table.shape.count == 2 && table.shape[1] == shape.channels && shape.pixels == 1, "not \(shape)")
    precondition(indices.count == shape.batch && indices.allSatisfy { 0..<table.shape[0] ~= $0 }, "no row for an index")
    let rows = Self.values(of: table)
    destination.values = indices.flatMap { index in
      (0..<shape.channels).map { Double(rows[index * shape.channels + $0]) }
    }
  }

  /// Computes `out[b, c, y, x] = (x[2y, 2x] + x[2y, 2x + 1] + x[2y + 1, 2x] + x[2y + 1, 2x + 1]) / 4`.
  public func downsample(_ source: FeatureMap, into destination: FeatureMap) {
    let (input, output) = (source.shape, destination.shape)
    precondition(
      output.with(channels: 1)
        == .init(batch: input.batch, channels: 1, height: input.height / 2, width: input.width / 2)
        && output.channels == input.channels, "\(input) does not halve to \(output)")
    let values = source.values
    fill(destination) { plane, y, x in
      let corner = (plane * input.height + 2 * y) * input.width + 2 * x
      let upper = values[corner] + values[corner + 1]
      let lower = values[corner + input.width] + values[corner + input.width + 1]
      return (upper + lower) / 4
    }
  }

  /// Computes `out[b, c, y, x] = x[b, c, y / 2, x / 2]`.
  public func upsample(_ source: FeatureMap, into destination: FeatureMap) {
    let (input, output) = (source.shape, destination.shape)
    precondition(
      output
        == .init(
          batch: input.batch, channels: input.channels, height: 2 * input.height, width: 2 * input.width),
      "\(input) does not double to \(output)")
    let values = source.values
    fill(destination) { plane, y, x in values[(plane * input.height + y / 2) * input.width + x / 2] }
  }

  /// The largest value or the mean of the pixels of each window that lie inside of the image.
  public func poolWindows(_ source: FeatureMap, _ shape: PoolingShape, into destination: FeatureMap) {
    let input = source.shape, values = source.values
    precondition(destination.shape == shape.output(for: input), "\(shape) makes no \(destination.shape) of \(input)")
    fill(destination) { plane, y, x in
      var window: [Double] = []
      for row in (0..<shape.size).map({ shape.stride * y + $0 - shape.padding }) where 0..<input.height ~= row {
        for column in (0..<shape.size).map({ shape.stride * x + $0 - shape.padding }) where 0..<input.width ~= column {
          window.append(values[(plane * input.height + row) * input.width + column])
        }
      }
      if window.contains(where: \.isNaN) { return .nan }
      return shape.kind == .mean ? window.reduce(0, +) / Double(window.count) : window.reduce(-.infinity, max)
    }
  }

  /// Writes a value for every plane (sample and channel), row and column.
  private func fill(_ destination: FeatureMap, _ value: (Int, Int, Int) -> Double) {
    let shape = destination.shape
    var values: [Double] = []
    values.reserveCapacity(shape.count)
    for plane in 0..<shape.batch * shape.channels {
      for y in 0..<shape.height {
        for x in 0..<shape.width { values.append(value(plane, y, x)) }
      }
    }
    destination.values = values
  }
}

extension Nonlinearity {
  /// The function by its formula, in Double.
  func callAsFunction(_ x: Double) -> Double {
    switch self {
    case .identity: x
    case .silu: x / (1 + exp(-x))
    case .mish: x * tanh(log1p(exp(x)))
    case .gelu: x * (1 + erf(x / 2.0.squareRoot())) / 2
    // A comparison, not a maximum: NaN stays NaN.
    case .relu: x < 0 ? 0 : x
    }
  }
}
