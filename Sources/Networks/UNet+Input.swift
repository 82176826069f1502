import Compute

extension UNet {
  /// Checks an input before any work is done.
  ///
  /// - Parameters:
  ///   - shape: The input's extents.
  ///   - timesteps: The time of each sample, or one for all; for a learned embedding, numbers of its rows.
  ///   - classLabels: As for ``callAsFunction(_:timesteps:classLabels:)``.
  /// - Throws: ``NetworkError`` that says what does not fit.
  public func checkInput(shape: [Int], timesteps: [Double], classLabels: [Double]?) throws(NetworkError) {
    try checkImages(shape)
    try check(timesteps, batch: shape[0])
    try check(classLabels, batch: shape[0])
  }

  /// A label that the network takes, or nil if it takes none: for finding out what an evaluation costs.
  public var exampleLabel: [Double]? {
    switch classProjection {
    case nil: nil
    case .table, .projection: [0]
    // A Fourier embedding takes the logarithm of the label.
    case .timestep: [1]
    case .identity(let width): [Double](repeating: 0, count: width)
    }
  }

  private func checkImages(_ shape: [Int]) throws(NetworkError) {
    let divisor = configuration.sizeDivisor
    guard shape.count == 4, shape.allSatisfy({ $0 > 0 }) else {
      throw NetworkError("the input has shape \(shape); [batch, channels, height, width] is needed")
    }
    guard shape[1] == configuration.inputChannels else {
      throw NetworkError("the input has \(shape[1]) channels; the network takes \(configuration.inputChannels)")
    }
    guard shape[2] % divisor == 0 && shape[3] % divisor == 0 else {
      throw NetworkError(
        "the input is \(shape[2])x\(shape[3]); height and width must be multiples of \(divisor) for the network's "
          + "\(configuration.blockChannels.count) levels")
    }
    try checkSize(shape)
  }

  /// The most pixels between which a level attends: those of 512x512, for which a row of scores fits the scratch of a thread
  /// twice.
  private static let largestAttention = 1 << 18
  /// The most values of a level's images, times their channels: beyond it operations and bytes are no numbers to reckon with.
  private static let largestWork = 0x1p46

  private func checkSize(_ shape: [Int]) throws(NetworkError) {
    let channels = Double(max(configuration.blockChannels.max() ?? 1, shape[1], configuration.outputChannels))
    let work = Double(shape[0]) * Double(shape[2]) * Double(shape[3]) * channels * channels
    guard work <= Self.largestWork else {
      throw NetworkError(
        "\(shape[0]) images of \(shape[2])x\(shape[3]) are too many or too large for a network of \(Int(channels)) "
          + "channels; fewer or smaller ones are needed")
    }
    let finest = configuration.downBlocks.firstIndex { $0.hasAttention } ?? configuration.downBlocks.count - 1
    let finestUp =
      configuration.upBlocks.lastIndex { $0.hasAttention }
      .map { configuration.upBlocks.count - 1 - $0 } ?? finest
    let level = min(finest, finestUp)
    guard configuration.hasAttention else { return }
    let pixels = (shape[2] >> level) * (shape[3] >> level)
    guard pixels <= Self.largestAttention else {
      throw NetworkError(
        "the input is \(shape[2])x\(shape[3]), so that the network attends between \(pixels) pixels; at most "
          + "\(Self.largestAttention) are possible")
    }
  }

  private func check(_ timesteps: [Double], batch: Int) throws(NetworkError) {
    guard timesteps.count == 1 || timesteps.count == batch else {
      throw NetworkError(
        "there are \(timesteps.count) timesteps for \(batch) samples; one each or one for all is needed")
    }
    try checkTimes(timesteps, "timestep")
  }

  /// Checks what goes through the time embedding, be it times or labels.
  private func checkTimes(_ times: [Double], _ name: String) throws(NetworkError) {
    guard times.allSatisfy(\.isFinite) else { throw NetworkError("a \(name) is not finite") }
    switch configuration.timeEmbedding {
    case .positional, .logarithmicFourier: break
    case .fourier:
      if let time = times.first(where: { $0 <= 0 }) {
        throw NetworkError("\(name) \(time) is not positive; the network takes the logarithm of a noise level")
      }
    case .learned:
      try checkRows(times, of: configuration.trainingTimesteps ?? 1, name)
    }
  }

  private func check(_ classLabels: [Double]?, batch: Int) throws(NetworkError) {
    guard let classProjection else {
      guard classLabels == nil else { throw NetworkError("class labels are given; the network has no classes") }
      return
    }
    guard let classLabels else { throw NetworkError("the network needs class labels, and none are given") }
    let width = classProjection.valuesPerLabel
    guard classLabels.count == width || classLabels.count == batch * width else {
      throw NetworkError(
        "there are \(classLabels.count) values of class labels for \(batch) samples; \(width) each or \(width) for all "
          + "are needed")
    }
    switch classProjection {
    case .table(let table): try checkRows(classLabels, of: table.shape[0], "class label")
    case .projection(let layer): try checkRows(classLabels, of: layer.shape.inputChannels, "class label")
    case .timestep: try checkTimes(classLabels, "class label")
    case .identity:
      guard classLabels.allSatisfy(\.isFinite) else { throw NetworkError("a class label is not finite") }
    }
  }

  private func checkRows(_ numbers: [Double], of count: Int, _ name: String) throws(NetworkError) {
    if let number = numbers.first(where: { Int(exactly: $0).map { !(0..<count).contains($0) } ?? true }) {
      throw NetworkError("\(name) \(number) is no whole number from 0 to \(count - 1)")
    }
  }
}
