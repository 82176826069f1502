import Compute
import Conformance
import Foundation

extension FaultyBackend {
  func enter(_ source: Buffer, scale: Float, shift: Float, into destination: FeatureMap) {
    oracle.enter(
      source, scale: fault == .enterForgetsScale ? 1 : scale, shift: fault == .enterForgetsShift ? 0 : shift,
      into: destination)
    if fault == .enterTransposes { spoil(destination) { $0 = transposed($0, destination.shape) } }
  }

  func leave(_ source: FeatureMap, into destination: Buffer) {
    oracle.leave(source, into: destination)
    switch fault {
    case .leaveTransposes: spoil(destination) { $0 = transposed($0, source.shape) }
    case .leaveForgetsLastChannel:
      spoil(destination) { for index in $0.indices.suffix(source.shape.pixels) { $0[index] = 0 } }
    default: break
    }
  }

  func activate(_ source: FeatureMap, _ function: Nonlinearity, into destination: FeatureMap) {
    let inputs = oracle.exactValues(of: source)
    oracle.activate(source, fault == .activateForgets ? .identity : function, into: destination)
    spoil(destination) { values in
      for (index, x) in inputs.enumerated() {
        switch fault {
        case .activateAsTanhGelu where function == .gelu:
          values[index] = 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .activateLosesNaN where x.isNaN: values[index] = 0
        // exp(x) / (1 + exp(x)) instead of 1 / (1 + exp(-x)).
        case .activateOverflows where function == .silu && x > 88: values[index] = .nan
        default: break
        }
      }
    }
  }

  func lookUpEmbedding(of table: Parameter, _ indices: [Int], into destination: FeatureMap) {
    let rows = indices.map { index in
      switch fault {
      case .gatherNextRow: (index + 1) % table.shape[0]
      case .gatherFirstRow: indices[0]
      default: index
      }
    }
    oracle.lookUpEmbedding(of: table, rows, into: destination)
  }

  func downsample(_ source: FeatureMap, into destination: FeatureMap) {
    let (input, output) = (source.shape, destination.shape)
    let values = oracle.exactValues(of: source)
    oracle.downsample(source, into: destination)
    spoil(destination) { result in
      for index in result.indices {
        let (plane, pixel) = (index / output.pixels, index % output.pixels)
        let (y, x) = (2 * (pixel / output.width), 2 * (pixel % output.width))
        switch fault {
        case .halveTakesCorner: result[index] = values[(plane * input.height + y) * input.width + x]
        case .halveTakesSum: result[index] *= 4
        case .halveShifts:
          result[index] = values[min((plane * input.height + y) * input.width + x + 2, values.count - 1)]
        default: break
        }
      }
    }
  }

  func blur(_ source: FeatureMap, into destination: FeatureMap) {
    let shape = source.shape, values = oracle.exactValues(of: source), output = destination.shape
    let margin = (output.height - shape.height) / 2
    oracle.blur(source, into: destination)
    /// The sum over neighbours, the outermost pixels standing for those outside.
    func sum(_ plane: Int, _ y: Int, _ x: Int, rows: [Double], columns: [Double]) -> Double {
      var sum = 0.0
      for (r, rowWeight) in rows.enumerated() {
        for (s, columnWeight) in columns.enumerated() {
          let row = min(max(y + r - rows.count / 2, 0), shape.height - 1)
          let column = min(max(x + s - columns.count / 2, 0), shape.width - 1)
          sum += rowWeight * columnWeight * values[(plane * shape.height + row) * shape.width + column]
        }
      }
      return sum
    }
    spoil(destination) { result in
      for index in result.indices {
        let (plane, row, column) = (
          index / output.pixels, index % output.pixels / output.width, index % output.width
        )
        let (y, x) = (row - margin, column - margin)
        switch fault {
        case .blurShiftsMargin where margin != 0:
          result[index] = sum(plane, y + margin, x, rows: [0.25, 0.5, 0.25], columns: [0.25, 0.5, 0.25])
        case .blurRepeatsEdges: result[index] = sum(plane, y, x, rows: [0.25, 0.5, 0.25], columns: [0.25, 0.5, 0.25])
        case .blurForgetsRows: result[index] = sum(plane, y, x, rows: [1], columns: [0.25, 0.5, 0.25])
        default: break
        }
      }
    }
  }

  func poolWindows(_ source: FeatureMap, _ shape: PoolingShape, into destination: FeatureMap) {
    let input = source.shape, output = destination.shape, values = oracle.exactValues(of: source)
    oracle.poolWindows(source, shape, into: destination)
    func inside(_ first: Int, of extent: Int) -> Int { min(first + shape.size, extent) - max(first, 0) }
    spoil(destination) { result in
      for index in result.indices {
        let (plane, y, x) = (
          index / output.pixels, index % output.pixels / output.width, index % output.width
        )
        let (top, left) = (shape.stride * y - shape.padding, shape.stride * x - shape.padding)
        let whole = shape.size * shape.size, part = inside(top, of: input.height) * inside(left, of: input.width)
        switch fault {
        case .poolTakesSum where shape.kind == .mean: result[index] *= Double(part)
        case .poolCountsPadding where shape.kind == .mean: result[index] *= Double(part) / Double(whole)
        case .poolForgetsStride where shape.stride > 1:
          result[index] =
            values[(plane * input.height + min(y, input.height - 1)) * input.width + min(x, input.width - 1)]
        case .poolPadsWithZeros where shape.kind == .maximum && part < whole: result[index] = max(result[index], 0)
        case .poolLosesNaN where result[index].isNaN: result[index] = 0
        default: break
        }
      }
    }
  }

  func upsample(_ source: FeatureMap, into destination: FeatureMap) {
    oracle.upsample(source, into: destination)
    spoil(destination) { values in
      switch fault {
      case .doubleShifts: values = [values[0]] + values.dropLast()
      case .doubleTransposes: values = transposed(values, destination.shape)
      case .doubleInterleavesRows:
        // Row y comes from row y modulo the height instead of row y / 2.
        let (shape, before) = (destination.shape, values)
        for index in values.indices {
          let (row, x) = (index / shape.width, index % shape.width)
          let (plane, y) = (row / shape.height, row % shape.height)
          values[index] = before[(plane * shape.height + 2 * (y % source.shape.height)) * shape.width + x]
        }
      default: break
      }
    }
  }

  func attend(_ projections: FeatureMap, heads: Int, into destination: FeatureMap) {
    let (shape, input) = (destination.shape, projections.shape)
    let part = shape.channels * shape.pixels
    let spoiled = altered(projections) { values in
      for sample in 0..<input.batch {
        let (queries, keys, contents) = (3 * sample * part, (3 * sample + 1) * part, (3 * sample + 2) * part)
        for index in 0..<part {
          switch fault {
          case .attendForgetsScale: values[queries + index] *= (Double(shape.channels) / Double(heads)).squareRoot()
          case .attendSwapsKeysAndValues: values.swapAt(keys + index, contents + index)
          case .attendForgetsLastToken where index % shape.pixels == shape.pixels - 1:
            values[keys + index] = 0
            values[contents + index] = 0
          case .attendUsesFirstSample:
            values[keys + index] = values[part + index]
            values[contents + index] = values[2 * part + index]
          // Queries so long that their logits overflow.
          case .attendOverflows where abs(values[queries + index]) > 20: values[queries + index] = .nan
          default: break
          }
        }
      }
    }
    oracle.attend(spoiled, heads: fault == .attendMergesHeads ? 1 : heads, into: destination)
  }
}
