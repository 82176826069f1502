public import Compute

extension ReferenceBackend {
  /// Computes `out[b, c, y, x] = (x[2y, 2x] + x[2y, 2x + 1] + x[2y + 1, 2x] + x[2y + 1, 2x + 1]) / 4`.
  public func downsample(_ source: FeatureMap, into destination: FeatureMap) {
    checkDownsample(source, destination)
    let input = source.shape, values = source.values
    fill(destination) { plane, y, x in
      let corner = (plane * input.height + 2 * y) * input.width + 2 * x
      let upper = values[corner] + values[corner + 1]
      let lower = values[corner + input.width] + values[corner + input.width + 1]
      return (upper + lower) / 4
    }
  }

  /// Computes `out[b, c, y, x] = x[b, c, y / 2, x / 2]`.
  public func upsample(_ source: FeatureMap, into destination: FeatureMap) {
    checkUpsample(source, destination)
    let input = source.shape, values = source.values
    fill(destination) { plane, y, x in values[(plane * input.height + y / 2) * input.width + x / 2] }
  }

  /// The nine terms of each pixel, those outside of the image left out.
  public func blur(_ source: FeatureMap, into destination: FeatureMap) {
    let margin = checkBlur(source, destination)
    let shape = source.shape, values = source.values, weights = [0.25, 0.5, 0.25]
    fill(destination) { plane, y, x in
      let (y, x) = (y - margin, x - margin)
      var sum = 0.0
      for (r, row) in (y - 1...y + 1).enumerated() where 0..<shape.height ~= row {
        for (s, column) in (x - 1...x + 1).enumerated() where 0..<shape.width ~= column {
          sum += weights[r] * weights[s] * values[(plane * shape.height + row) * shape.width + column]
        }
      }
      return sum
    }
  }

  /// The largest value or the mean of the pixels of each window that lie inside of the image.
  public func poolWindows(_ source: FeatureMap, _ shape: PoolingShape, into destination: FeatureMap) {
    let input = source.shape, values = source.values
    checkPoolWindows(source, shape, destination)
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

  /// Computes `out[b, c, stride * y, stride * x] = in[b, c, y, x]`.
  public func dilate(_ source: FeatureMap, by stride: Int, into destination: FeatureMap) {
    let (input, output) = (source.shape, destination.shape)
    checkDilate(source, by: stride, destination)
    let values = source.values
    var result = [Double](repeating: 0, count: output.count)
    for plane in 0..<input.batch * input.channels {
      for y in 0..<input.height {
        for x in 0..<input.width {
          result[(plane * output.height + stride * y) * output.width + stride * x] =
            values[(plane * input.height + y) * input.width + x]
        }
      }
    }
    destination.values = result
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
