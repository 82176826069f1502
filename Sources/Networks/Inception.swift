import Compute
public import Tensors

/// Inception v3 as the Frechet inception distance has it, up to the features of its last pooling.
///
/// ```
/// image -> 299x299 -> stem -> A A A -> B -> C C C C -> D -> E E -> mean over pixels
/// ```
///
/// Szegedy and others (2016), with what TensorFlow's network of 2015 differs by, on which the distance of Heusel and others (2017) rests:
/// means of windows are of the pixels inside of the image, and the last block takes their largest values. The layers are those of
/// pytorch-fid. Normalisations are part of the filters and biases; each convolution is followed by a rectifier.
public struct Inception {
  /// Values that describe an image.
  public static let featureCount = 2048
  /// The size to which images are brought.
  public static let imageSize = ImageSize(height: 299, width: 299)

  /// The parameters as files hold them.
  public let parameters: [NamedParameter]

  private let blocks: [InceptionBlock]

  /// A network with the parameters of a source, named as in pytorch-fid: `Mixed_5b.branch1x1.weight` and `.bias`.
  public init(parameters: any ParameterSource) throws(NetworkError) {
    let recorder = ParameterRecorder(parameters), scope = ParameterScope(recorder)
    var channels = 3, blocks: [InceptionBlock] = []
    for plan in InceptionPlan.blocks {
      let block = try InceptionBlock(plan, in: scope, from: channels)
      channels = block.channels
      blocks.append(block)
    }
    precondition(channels == Self.featureCount, "the blocks end in \(channels) channels")
    self.blocks = blocks
    self.parameters = recorder.recorded
  }

  /// The features of images.
  ///
  /// Images are brought to ``imageSize`` bilinearly; grey ones count as three equal channels. It takes 11.4 billion operations an image.
  ///
  /// - Parameter images: `[batch, 1 or 3, height, width]`, values in [-1, 1].
  /// - Returns: The parts of the features, each `[batch, channels, 1, 1]`, of ``featureCount`` channels together.
  public func features(of images: Tensor) -> [FeatureMaps] {
    let copies = 3 / images.shape[1]
    precondition(images.shape[1] * copies == 3, "\(images.shape) are neither grey nor colour images")
    // Interpolation keeps affine functions, so that [-1, 1] may be reached before it, where pytorch-fid reaches it after.
    var parts = [images.resized(to: Self.imageSize, copies: copies).featureMaps()]
    for block in blocks { parts = block(parts) }
    return parts.map { $0.pooled() }
  }
}

/// Branches that read the same and whose results stand side by side.
///
/// Nothing joins them: what follows reads several feature maps as one. A convolution does so by pairs, adding up.
private struct InceptionBlock {
  let branches: [InceptionBranch]

  init(_ plan: InceptionPlan, in scope: ParameterScope, from channels: Int) throws(NetworkError) {
    let scope = plan.name.isEmpty ? scope : scope[plan.name]
    var branches: [InceptionBranch] = []
    for branch in plan.branches { branches.append(try .init(branch, in: scope, from: channels)) }
    self.branches = branches
  }

  /// Channels of all results.
  var channels: Int { branches.reduce(0) { $0 + $1.channels } }

  func callAsFunction(_ parts: [FeatureMaps]) -> [FeatureMaps] { branches.flatMap { $0(parts) } }
}

/// A pooling, layers one after the other, and layers side by side at the end; each may be missing.
private struct InceptionBranch {
  let pooling: PoolingShape?
  let chain: [InceptionLayer]
  let fork: [InceptionLayer]
  /// Channels of all results.
  let channels: Int

  init(_ plan: InceptionPlan.Branch, in scope: ParameterScope, from inputs: Int) throws(NetworkError) {
    var channels = inputs, chain: [InceptionLayer] = [], fork: [InceptionLayer] = []
    for layer in plan.chain {
      chain.append(try .init(layer, in: scope, from: channels))
      channels = layer.channels
    }
    for layer in plan.fork { fork.append(try .init(layer, in: scope, from: channels)) }
    pooling = plan.pooling
    self.chain = chain
    self.fork = fork
    self.channels = plan.fork.isEmpty ? channels : plan.fork.reduce(0) { $0 + $1.channels }
  }

  func callAsFunction(_ parts: [FeatureMaps]) -> [FeatureMaps] {
    var parts = parts
    if let pooling { parts = parts.map { $0.pooled(pooling) } }
    for layer in chain { parts = [layer(parts)] }
    return fork.isEmpty ? parts : fork.map { $0(parts) }
  }
}

/// A convolution of feature maps that stand side by side, and a rectifier.
private struct InceptionLayer {
  let convolution: Convolution

  init(_ plan: InceptionPlan.Layer, in scope: ParameterScope, from channels: Int) throws(NetworkError) {
    convolution = try .init(scope[plan.name], plan.shape(from: channels))
  }

  func callAsFunction(_ parts: [FeatureMaps]) -> FeatureMaps {
    var sum: FeatureMaps?, start = 0
    for first in stride(from: 0, to: parts.count, by: 2) {
      let operand = first + 1 < parts.count ? parts[first].joined(with: parts[first + 1]) : parts[first]
      let channels = start..<start + operand.shape.channels
      start = channels.upperBound
      let (filter, shape) = part(of: channels)
      sum = operand.convolved(with: filter, shape, bias: sum == nil ? convolution.bias : nil, residual: sum)
    }
    guard let sum else { preconditionFailure("a layer reads at least one feature map") }
    return sum.activated(.relu)
  }

  /// The filter and shape for some of the input channels.
  private func part(of channels: Range<Int>) -> (filter: Filter, shape: ConvolutionShape) {
    let whole = convolution.shape
    if channels == 0..<whole.inputChannels { return (Filter(convolution.filter), whole) }
    return (Filter(convolution.filter, .inputs(channels, of: whole)), whole.with(inputChannels: channels.count))
  }
}
