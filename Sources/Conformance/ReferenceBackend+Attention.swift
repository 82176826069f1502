public import Compute
import Foundation

extension ReferenceBackend {
  /// Scaled dot-product attention, one query after the other.
  public func attend(_ projections: FeatureMap, heads: Int, into destination: FeatureMap) {
    let output = destination.shape, channels = output.channels
    checkAttend(projections, heads: heads, destination)
    let (width, tokens) = (channels / heads, output.pixels)
    let values = projections.values
    var result = [Double](repeating: 0, count: output.count)
    for sample in 0..<output.batch {
      for head in 0..<heads {
        // The first channel of the head among the queries; keys and values follow.
        let queries = (3 * sample * channels + head * width) * tokens
        let keys = queries + channels * tokens
        let contents = keys + channels * tokens
        let target = (sample * channels + head * width) * tokens
        for query in 0..<tokens {
          var logits = [Double](repeating: 0, count: tokens)
          for d in 0..<width {
            let q = values[queries + d * tokens + query]
            for key in 0..<tokens { logits[key] += q * values[keys + d * tokens + key] }
          }
          let weights = softmax(logits.map { $0 / Double(width).squareRoot() })
          for d in 0..<width {
            var sum = 0.0
            for key in 0..<tokens { sum += weights[key] * values[contents + d * tokens + key] }
            result[target + d * tokens + query] = sum
          }
        }
      }
    }
    destination.values = result
  }

  /// The gradient of the projections, one query after the other.
  public func attendGradient(
    _ projections: FeatureMap, heads: Int, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    let shape = gradient.shape
    let (channels, tokens) = (shape.channels, shape.pixels)
    checkAttendGradient(projections, heads: heads, gradient, destination)
    let width = channels / heads
    let root = Double(width).squareRoot()
    let (values, gradients) = (projections.values, gradient.values)
    var result = [Double](repeating: 0, count: values.count)
    for sample in 0..<shape.batch {
      for head in 0..<heads {
        let queries = (3 * sample * channels + head * width) * tokens
        let keys = queries + channels * tokens
        let contents = keys + channels * tokens
        let from = (sample * channels + head * width) * tokens
        for query in 0..<tokens {
          func dot(_ left: [Double], _ first: Int, _ right: [Double], _ second: Int) -> Double {
            (0..<width).reduce(0) { $0 + left[first + $1 * tokens] * right[second + $1 * tokens] }
          }
          let weights = softmax((0..<tokens).map { dot(values, queries + query, values, keys + $0) / root })
          let changes = (0..<tokens).map { dot(gradients, from + query, values, contents + $0) }
          let mean = zip(weights, changes).reduce(0) { $0 + $1.0 * $1.1 }
          for key in 0..<tokens {
            let logit = weights[key] * (changes[key] - mean) / root
            for d in 0..<width {
              result[queries + d * tokens + query] += logit * values[keys + d * tokens + key]
              result[keys + d * tokens + key] += logit * values[queries + d * tokens + query]
              result[contents + d * tokens + key] += weights[key] * gradients[from + d * tokens + query]
            }
          }
        }
      }
    }
    destination.values = result
  }
}

/// `exp(l[j] - max l) / sum over k of exp(l[k] - max l)`; a NaN anywhere makes all NaN.
func softmax(_ logits: [Double]) -> [Double] {
  let largest = logits.reduce(-.infinity) { max($0, $1) }
  let exponentials = logits.map { exp($0 - largest) }
  let sum = exponentials.reduce(0, +)
  return exponentials.map { $0 / sum }
}
