import Compute

/// A block of ``Inception``: its name in files, which may be empty, and its branches in the order of their results.
struct InceptionPlan {
  /// A convolution by its name, channels and filter.
  struct Layer {
    let name: String
    let channels: Int
    var rows = 1
    var columns = 1
    var stride = 1
    /// Whether zeros keep the size.
    var isPadded = true

    init(_ name: String, _ channels: Int, _ rows: Int = 1, _ columns: Int = 1, stride: Int = 1, isPadded: Bool = true) {
      (self.name, self.channels, self.rows, self.columns) = (name, channels, rows, columns)
      (self.stride, self.isPadded) = (stride, isPadded)
    }

    func shape(from inputs: Int) -> ConvolutionShape {
      let (top, left) = isPadded ? (rows / 2, columns / 2) : (0, 0)
      return .init(
        inputChannels: inputs, outputChannels: channels, kernel: rows, kernelWidth: columns, stride: stride,
        padding: .init(top: top, bottom: top, left: left, right: left))
    }
  }

  /// A pooling, layers one after the other, and layers that read the last of them side by side.
  struct Branch {
    var pooling: PoolingShape?
    var chain: [Layer] = []
    var fork: [Layer] = []

    init(_ pooling: PoolingShape? = nil, _ chain: Layer..., fork: [Layer] = []) {
      (self.pooling, self.chain, self.fork) = (pooling, chain, fork)
    }
  }

  let name: String
  let branches: [Branch]

  init(_ name: String = "", _ branches: Branch...) { (self.name, self.branches) = (name, branches) }
}

extension PoolingShape {
  /// Halves an image.
  fileprivate static let halving = Self(.maximum, size: 3, stride: 2)
  /// The mean around each pixel.
  fileprivate static let mean = Self(.mean, size: 3, padding: 1)
  /// The largest value around each pixel.
  fileprivate static let largest = Self(.maximum, size: 3, padding: 1)
}

extension InceptionPlan {
  /// The whole network, as pytorch-fid's `InceptionV3` has it up to its third pooling.
  static let blocks: [InceptionPlan] = [
    .init(
      "",
      .init(
        nil, .init("Conv2d_1a_3x3", 32, 3, 3, stride: 2, isPadded: false),
        .init("Conv2d_2a_3x3", 32, 3, 3, isPadded: false), .init("Conv2d_2b_3x3", 64, 3, 3))),
    .init("", .init(.halving, .init("Conv2d_3b_1x1", 80), .init("Conv2d_4a_3x3", 192, 3, 3, isPadded: false))),
    .init("", .init(.halving)),
    a("Mixed_5b", pooled: 32), a("Mixed_5c", pooled: 64), a("Mixed_5d", pooled: 64), b("Mixed_6a"),
    c("Mixed_6b", 128), c("Mixed_6c", 160), c("Mixed_6d", 160), c("Mixed_6e", 192), d("Mixed_7a"),
    e("Mixed_7b", .mean), e("Mixed_7c", .largest),
  ]

  private static func a(_ name: String, pooled channels: Int) -> Self {
    .init(
      name, .init(nil, .init("branch1x1", 64)), .init(nil, .init("branch5x5_1", 48), .init("branch5x5_2", 64, 5, 5)),
      .init(
        nil, .init("branch3x3dbl_1", 64), .init("branch3x3dbl_2", 96, 3, 3), .init("branch3x3dbl_3", 96, 3, 3)),
      .init(.mean, .init("branch_pool", channels)))
  }

  private static func b(_ name: String) -> Self {
    .init(
      name, .init(nil, .init("branch3x3", 384, 3, 3, stride: 2, isPadded: false)),
      .init(
        nil, .init("branch3x3dbl_1", 64), .init("branch3x3dbl_2", 96, 3, 3),
        .init("branch3x3dbl_3", 96, 3, 3, stride: 2, isPadded: false)), .init(.halving))
  }

  private static func c(_ name: String, _ channels: Int) -> Self {
    .init(
      name, .init(nil, .init("branch1x1", 192)),
      .init(
        nil, .init("branch7x7_1", channels), .init("branch7x7_2", channels, 1, 7), .init("branch7x7_3", 192, 7, 1)),
      .init(
        nil, .init("branch7x7dbl_1", channels), .init("branch7x7dbl_2", channels, 7, 1),
        .init("branch7x7dbl_3", channels, 1, 7), .init("branch7x7dbl_4", channels, 7, 1),
        .init("branch7x7dbl_5", 192, 1, 7)),
      .init(.mean, .init("branch_pool", 192)))
  }

  private static func d(_ name: String) -> Self {
    .init(
      name,
      .init(nil, .init("branch3x3_1", 192), .init("branch3x3_2", 320, 3, 3, stride: 2, isPadded: false)),
      .init(
        nil, .init("branch7x7x3_1", 192), .init("branch7x7x3_2", 192, 1, 7), .init("branch7x7x3_3", 192, 7, 1),
        .init("branch7x7x3_4", 192, 3, 3, stride: 2, isPadded: false)), .init(.halving))
  }

  private static func e(_ name: String, _ pooling: PoolingShape) -> Self {
    .init(
      name, .init(nil, .init("branch1x1", 320)),
      .init(
        nil, .init("branch3x3_1", 384), fork: [.init("branch3x3_2a", 384, 1, 3), .init("branch3x3_2b", 384, 3, 1)]),
      .init(
        nil, .init("branch3x3dbl_1", 448), .init("branch3x3dbl_2", 384, 3, 3),
        fork: [.init("branch3x3dbl_3a", 384, 1, 3), .init("branch3x3dbl_3b", 384, 3, 1)]),
      .init(pooling, .init("branch_pool", 192)))
  }
}
