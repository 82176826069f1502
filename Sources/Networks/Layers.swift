import Compute
import Tensors

/// A convolution with bias; a linear layer is one with a 1x1 filter.
struct Convolution {
  let shape: ConvolutionShape
  let filter: Parameter
  let bias: Parameter

  init(_ scope: ParameterScope, _ shape: ConvolutionShape) throws(NetworkError) {
    let fanIn = shape.inputChannels * shape.taps
    self.shape = shape
    filter = try scope.parameter(
      "weight", shape: shape.filterShape, initially: .uniform(fanIn: fanIn))
    bias = try scope.parameter("bias", shape: [shape.outputChannels], initially: .uniform(fanIn: fanIn))
  }

  /// A linear layer with a weight matrix `[outputs, inputs]`.
  init(linear scope: ParameterScope, from inputs: Int, to outputs: Int) throws(NetworkError) {
    shape = ConvolutionShape(inputChannels: inputs, outputChannels: outputs, kernel: 1)
    let matrix = try scope.parameter("weight", shape: [outputs, inputs], initially: .uniform(fanIn: inputs))
    filter = Parameter(joining: [matrix], shape: [outputs, inputs, 1, 1])
    bias = try scope.parameter("bias", shape: [outputs], initially: .uniform(fanIn: inputs))
  }

  /// Linear layers of the same feature maps as one product; their results follow one another.
  init(joining scopes: [ParameterScope], from inputs: Int, to outputs: Int) throws(NetworkError) {
    var layers: [Convolution] = []
    for scope in scopes { layers.append(try Convolution(linear: scope, from: inputs, to: outputs)) }
    let rows = scopes.count * outputs
    shape = ConvolutionShape(inputChannels: inputs, outputChannels: rows, kernel: 1)
    filter = Parameter(joining: layers.map(\.filter), shape: [rows, inputs, 1, 1])
    bias = Parameter(joining: layers.map(\.bias), shape: [rows])
  }

  func callAsFunction(
    _ x: FeatureMaps, adding channelOffset: FeatureMaps? = nil, residual: FeatureMaps? = nil, scale: Double = 1
  ) -> FeatureMaps {
    x.convolved(with: filter, shape, bias: bias, adding: channelOffset, residual: residual, scale: scale)
  }
}

extension ConvolutionShape {
  /// A 3x3 convolution that keeps the size, of the upsampled input where `upsamplesInput` is set.
  static func square(from inputs: Int, to outputs: Int, upsamplesInput: Bool = false) -> Self {
    .init(inputChannels: inputs, outputChannels: outputs, kernel: 3, padding: .all(1), upsamplesInput: upsamplesInput)
  }
}

/// A group normalisation with learned factor and addend, and the function after it.
struct Normalization {
  let normalization: GroupNormalization
  let function: Nonlinearity

  init(
    _ scope: ParameterScope, channels: Int, groups: Int, groupsKey: String = "norm_num_groups", epsilon: Double,
    _ function: Nonlinearity
  ) throws(NetworkError) {
    guard groups > 0, channels % groups == 0 else {
      throw scope.fault("\(groupsKey): \(groups) groups do not divide the \(channels) channels of \(scope.path)")
    }
    normalization = GroupNormalization(
      groups: groups, epsilon: Float(epsilon),
      gamma: try scope.parameter("weight", shape: [channels], initially: .constant(1)),
      beta: try scope.parameter("bias", shape: [channels], initially: .constant(0)))
    self.function = function
  }

  func callAsFunction(_ x: FeatureMaps, scaleShift: FeatureMaps? = nil) -> FeatureMaps {
    x.normalized(normalization, scaleShift: scaleShift, function)
  }
}

extension FeatureMaps {
  /// Half the height and width, by a filter.
  func halved(by filter: UNetConfiguration.ResizingFilter) -> FeatureMaps {
    (filter == .box ? self : blurred()).downsampled()
  }

  /// Twice the height and width, by a filter.
  func doubled(by filter: UNetConfiguration.ResizingFilter) -> FeatureMaps {
    filter == .box ? upsampled() : upsampled().blurred()
  }
}
