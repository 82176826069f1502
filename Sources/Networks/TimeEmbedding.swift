import Compute
import Foundation
import Tensors

/// What a time is before the first linear layer: sines and cosines, or a row of a table.
enum TimeProjection {
  case positional(width: Int, shift: Double, putsCosinesFirst: Bool)
  /// Of the logarithms of noise levels, or of times that are logarithms.
  case fourier(frequencies: [Float], ofLogarithms: Bool)
  case learned(table: Parameter)

  init(_ scope: ParameterScope, _ configuration: UNetConfiguration) throws(NetworkError) {
    let channels = configuration.blockChannels[0]
    switch configuration.timeEmbedding {
    case .positional:
      self = .positional(
        width: configuration.projectionWidth, shift: configuration.frequencyShift,
        putsCosinesFirst: configuration.putsCosinesFirst)
    case .fourier, .logarithmicFourier:
      let frequencies = try scope.parameter("weight", shape: [configuration.projectionWidth / 2], initially: .fourier)
      do {
        self = .fourier(
          frequencies: try frequencies.values(), ofLogarithms: configuration.timeEmbedding == .fourier)
      } catch {
        throw NetworkError("\(error)")
      }
    case .learned:
      self = .learned(
        table: try scope.parameter(
          "weight", shape: [configuration.trainingTimesteps ?? 1, channels], initially: .normal))
    }
  }

  /// Values a time.
  var width: Int {
    switch self {
    case .positional(let width, _, _): width
    case .fourier(let frequencies, _): 2 * frequencies.count
    case .learned(let table): table.shape[1]
    }
  }

  /// One row a time, `[times, width, 1, 1]`; times of a table are its rows' numbers.
  func callAsFunction(_ times: [Double], on backend: any Backend, _ tape: Tape?) -> FeatureMaps {
    switch self {
    case .positional, .fourier:
      Tensor(times.flatMap { row($0) }, shape: [times.count, width], on: backend).featureMaps(watchedBy: tape)
    case .learned(let table):
      .rows(times.map { Int($0) }, of: table, on: backend, watchedBy: tape)
    }
  }

  /// The sines and cosines of one time.
  ///
  /// Every step is rounded to 32 bits as PyTorch does: at times near 1,000 the rounding of a frequency moves the
  /// angle by more than the rounding of all that follows.
  private func row(_ time: Double) -> [Float] {
    switch self {
    case .positional(let width, let shift, let putsCosinesFirst):
      let half = width / 2
      let angles = (0..<half).map { index in
        let exponent = Float(-log(10_000.0)) * Float(index) / Float(Double(half) - shift)
        return Float(time) * Float(exp(Double(exponent)))
      }
      let (sines, cosines) = (angles.map { sin($0) }, angles.map { cos($0) })
      return (putsCosinesFirst ? cosines + sines : sines + cosines) + (width % 2 == 1 ? [0] : [])
    case .fourier(let frequencies, let ofLogarithms):
      // Each in the order of the code that trains such networks. Not Float.pi, which is rounded towards zero.
      let value = ofLogarithms ? Float(log(Double(Float(time)))) : Float(time)
      let angles = frequencies.map {
        ofLogarithms ? value * $0 * 2 * Float(Double.pi) : value * (2 * Float(Double.pi) * $0)
      }
      return angles.map { sin($0) } + angles.map { cos($0) }
    case .learned:
      preconditionFailure("a learned embedding has no formula")
    }
  }
}

/// Two linear layers with SiLU between them, from a sinusoidal embedding to the embedding that all blocks read.
struct EmbeddingLayers {
  let first: Convolution
  let second: Convolution

  init(_ scope: ParameterScope, from inputs: Int, to width: Int) throws(NetworkError) {
    first = try .init(linear: scope["linear_1"], from: inputs, to: width)
    second = try .init(linear: scope["linear_2"], from: width, to: width)
  }

  /// The embedding plus another, `[batch, width, 1, 1]`.
  func callAsFunction(_ x: FeatureMaps, adding other: FeatureMaps? = nil) -> FeatureMaps {
    second(first(x).activated(.silu), residual: other)
  }
}

/// How labels become an embedding.
enum ClassProjection {
  case table(Parameter)
  case timestep(EmbeddingLayers)
  case identity(width: Int)
  case projection(Convolution)

  /// Nil for networks without classes.
  init?(_ scope: ParameterScope, _ configuration: UNetConfiguration, timeWidth: Int) throws(NetworkError) {
    let width = configuration.embeddingWidth
    switch configuration.classEmbedding {
    case .none:
      return nil
    case .table:
      self = .table(
        try scope.parameter("weight", shape: [configuration.classCount ?? 1, width], initially: .normal))
    case .timestep:
      self = .timestep(try .init(scope, from: timeWidth, to: width))
    case .identity:
      self = .identity(width: width)
    case .projection:
      self = .projection(try .init(linear: scope, from: configuration.classCount ?? 1, to: timeWidth))
    }
  }

  /// Values a label.
  var valuesPerLabel: Int {
    if case .identity(let width) = self { width } else { 1 }
  }

  /// One row a label, `[labels, width, 1, 1]`: as wide as the time embedding, or for a projection as the sinusoid.
  func callAsFunction(_ labels: [Double], timeProjection: TimeProjection, on backend: any Backend, _ tape: Tape?)
    -> FeatureMaps
  {
    switch self {
    case .table(let table):
      .rows(labels.map { Int($0) }, of: table, on: backend, watchedBy: tape)
    case .timestep(let layers):
      layers(timeProjection(labels, on: backend, tape))
    case .identity(let width):
      Tensor(labels.map { Float($0) }, shape: [labels.count / width, width], on: backend)
        .featureMaps(watchedBy: tape)
    case .projection(let layer):
      layer(places(labels.map { Int($0) }, of: layer.shape.inputChannels, on: backend).featureMaps(watchedBy: tape))
    }
  }

  /// Rows of zeros but for a label's place, where the root of the number of classes keeps the variance of a value at one.
  private func places(_ labels: [Int], of count: Int, on backend: any Backend) -> Tensor {
    var rows = [Float](repeating: 0, count: labels.count * count)
    for (row, label) in labels.enumerated() { rows[row * count + label] = Float(Double(count).squareRoot()) }
    return Tensor(rows, shape: [labels.count, count], on: backend)
  }
}
