import Compute
public import Instruments

/// A property of sizes that a kernel can be wrong about on its own.
public enum ShapeClass: Hashable, Sendable {
  /// One value, row, column or pixel somewhere.
  case extentOne
  /// A prime extent of five or more.
  case prime
  /// One less than a multiple of 8, 16, 32 or 64.
  case belowTile
  /// One more than a multiple of 8, 16, 32 or 64.
  case aboveTile
  /// A single sample.
  case oneSample
  /// More than one sample.
  case manySamples
  /// Images of one pixel: embeddings.
  case embedding
  /// A square image of this many pixels a side; the sizes of U-Nets at 28 and 32.
  case image(Int)
  /// An image with an odd side.
  case oddImage
  /// An image that is no square.
  case rectangularImage
  /// Two activations joined along their channels.
  case pair
  /// A pair whose seam lies within a group.
  case seamInGroup
  /// A square filter of this many rows and columns, on images of more than one pixel.
  case kernel(Int)
  /// A filter of one row and several columns.
  case wideKernel
  /// A filter of several rows and one column.
  case tallKernel
  /// A stride of two without zeros around the image.
  case unpaddedStride2
  /// A stride of two with zeros below and to the right only.
  case asymmetricStride2
  /// A stride of two with the same zeros on all sides.
  case symmetricStride2
  /// An input that is upsampled first.
  case doubledInput
  /// A convolution of so few channels.
  case inputChannels(Int)
  /// A convolution to so few channels.
  case outputChannels(Int)
  /// Heads of eight channels.
  case headWidth8
  /// One head of all channels.
  case oneHead
  /// Terms of a combination.
  case terms(Int)
  /// A product with its first operand transposed.
  case transposedA
  /// A product with its second operand transposed.
  case transposedB
  /// What the operation does besides its plain form, groups and heads apart.
  case trait(OperationTrait)
  /// The plain form: nothing added.
  case plain
}

extension ShapeClass {
  /// The classes of one call.
  public static func classes(of record: OperationRecord) -> Set<ShapeClass> {
    var classes: Set<ShapeClass> = []
    for trait in record.traits {
      switch trait {
      case .groups, .heads: break
      default: classes.insert(.trait(trait))
      }
    }
    if classes.allSatisfy({ $0 == .trait(.function(.identity)) }) { classes.insert(.plain) }
    switch record.shape {
    case .values(let count, let sources):
      classes.formUnion(extents([count]))
      if record.operation == .combine { classes.insert(.terms(sources)) }
    case .rows(let count, let length):
      classes.formUnion(extents([count, length]))
    case .product(let product):
      classes.formUnion(extents([product.rows, product.columns, product.inner]))
      if product.transposesA { classes.insert(.transposedA) }
      if product.transposesB { classes.insert(.transposedB) }
    case .activations(let operands, let result):
      for operand in operands { classes.formUnion(images(operand)) }
      classes.formUnion(images(result))
      if operands.count == 2 { classes.formUnion(seam(operands, record.traits)) }
      classes.formUnion(heads(record, result))
    case .convolution(let shape, let operands, let result):
      for operand in operands { classes.formUnion(images(operand)) }
      classes.formUnion(extents([result.channels]))
      if operands.count == 2 { classes.insert(.pair) }
      classes.formUnion(convolution(shape, operands[0]))
    }
    return classes
  }

  private static func extents(_ extents: [Int]) -> Set<ShapeClass> {
    var classes: Set<ShapeClass> = []
    for extent in extents {
      if extent == 1 { classes.insert(.extentOne) }
      if extent >= 5, (2..<extent).allSatisfy({ extent % $0 != 0 || $0 * $0 > extent }) { classes.insert(.prime) }
      if extent % 8 == 7 { classes.insert(.belowTile) }
      if extent > 8, extent % 8 == 1 { classes.insert(.aboveTile) }
    }
    return classes
  }

  private static func images(_ shape: FeatureMapShape) -> Set<ShapeClass> {
    var classes = extents([shape.channels, shape.height, shape.width])
    classes.insert(shape.batch == 1 ? .oneSample : .manySamples)
    guard shape.pixels > 1 else {
      classes.insert(.embedding)
      return classes
    }
    if shape.height != shape.width {
      classes.insert(.rectangularImage)
    } else if [28, 14, 7, 32, 16, 8, 4].contains(shape.height) {
      classes.insert(.image(shape.height))
    }
    if shape.height % 2 == 1 || shape.width % 2 == 1 { classes.insert(.oddImage) }
    return classes
  }

  private static func seam(_ operands: [FeatureMapShape], _ traits: Set<OperationTrait>) -> Set<ShapeClass> {
    let channels = operands[0].channels + operands[1].channels
    let straddles = traits.contains { trait in
      if case .groups(let groups) = trait { operands[0].channels % (channels / groups) != 0 } else { false }
    }
    return straddles ? [.pair, .seamInGroup] : [.pair]
  }

  private static func heads(_ record: OperationRecord, _ result: FeatureMapShape) -> Set<ShapeClass> {
    var classes: Set<ShapeClass> = []
    // The gradient's result has queries, keys and values.
    let channels = record.operation == .attendGradient ? result.channels / 3 : result.channels
    for case .heads(let heads) in record.traits {
      if heads == 1 { classes.insert(.oneHead) }
      if channels / heads == 8 { classes.insert(.headWidth8) }
    }
    return classes
  }

  private static func convolution(_ shape: ConvolutionShape, _ input: FeatureMapShape) -> Set<ShapeClass> {
    var classes: Set<ShapeClass> = []
    if shape.kernel == 1, shape.kernelWidth > 1 {
      classes.insert(.wideKernel)
    } else if shape.kernelWidth == 1, shape.kernel > 1 {
      classes.insert(.tallKernel)
    } else if input.pixels > 1 {
      classes.insert(.kernel(shape.kernel))
    }
    if shape.stride == 2 {
      let padding = shape.padding
      if padding == .all(0) { classes.insert(.unpaddedStride2) }
      if padding == .all(padding.top) { classes.insert(.symmetricStride2) }
      if padding.top == 0, padding.bottom > 0 { classes.insert(.asymmetricStride2) }
    }
    if shape.upsamplesInput { classes.insert(.doubledInput) }
    if [1, 3].contains(shape.inputChannels) { classes.insert(.inputChannels(shape.inputChannels)) }
    if [1, 3].contains(shape.outputChannels) { classes.insert(.outputChannels(shape.outputChannels)) }
    return classes
  }
}
