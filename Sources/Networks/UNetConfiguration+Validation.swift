extension UNetConfiguration {
  /// The most values of all parameters: four billion, or 17 GB in 32 bits.
  public static let largestParameterCount = 1 << 32

  /// Checks what concerns several keys together, then that the network can be built.
  ///
  /// - Throws: ``NetworkError`` that names the key, its value and what is legal.
  public func validate(path: String) throws(NetworkError) {
    func check(_ isRight: Bool, _ fault: @autoclosure () -> String) throws(NetworkError) {
      guard isRight else { throw NetworkError(path, fault()) }
    }
    let levels = blockChannels.count
    try check((1...16).contains(levels), "block_out_channels: \(levels) levels; 1 to 16 are legal")
    try check(
      downBlocks.count == levels,
      "down_block_types: \(downBlocks.count) blocks for \(levels) block_out_channels; one each is needed")
    try check(
      upBlocks.count == levels,
      "up_block_types: \(upBlocks.count) blocks for \(levels) block_out_channels; one each is needed")
    try check(layersPerBlock <= 64, "layers_per_block: \(layersPerBlock); 1 to 64 are legal")
    try check(
      middleScaleFactor != 0 && middleScaleFactor.isFinite,
      "mid_block_scale_factor: \(middleScaleFactor) is no divisor")
    try check(
      levelScaleFactor != 0 && levelScaleFactor.isFinite,
      "residual_scale_factor: \(levelScaleFactor) is no divisor")
    try check(
      levelHeadWidths.map { $0.count == levels && $0.allSatisfy { $0 > 0 } } ?? true,
      "attention_head_dim: \((levelHeadWidths ?? []).count) widths for \(levels) block_out_channels; one each is needed"
    )
    try check(timeScale > 0 && timeScale.isFinite, "time_scale: \(timeScale); a positive number is needed")
    try check(
      timeEmbedding == .positional || timeScale == 1 && timeProjectionWidth == nil
        || timeEmbedding == .logarithmicFourier && timeScale == 1,
      "time_scale and time_projection_dim: are for a positional time embedding")
    try check(
      timeEmbedding != .logarithmicFourier || projectionWidth % 2 == 0,
      "time_projection_dim: \(projectionWidth) values are no sines and as many cosines")
    try check(
      classEmbedding != .projection || classCount != nil,
      "num_class_embeds: a projection of the class needs the number of classes")
    try check(epsilon >= 0 && epsilon.isFinite, "norm_eps: \(epsilon); a small positive number is needed")
    try check(
      timeEmbedding != .learned || trainingTimesteps != nil,
      "num_train_timesteps: a learned time embedding needs the number of its rows")
    try check(
      timeEmbedding != .positional || Double(projectionWidth / 2) != frequencyShift,
      "freq_shift: \(frequencyShift) is half of the \(projectionWidth) values of a time; less is needed")
    let count = try UNet(self, parameters: ZeroParameters(configurationPath: path)).parameterCount
    try check(
      count <= Self.largestParameterCount,
      "block_out_channels: the network has \(count) parameters; at most \(Self.largestParameterCount) are possible")
  }

  /// Values of all parameters of a legal configuration; zero for one that ``validate(path:)`` refuses.
  public var parameterCount: Int {
    (try? UNet(self, parameters: ZeroParameters(configurationPath: "")))?.parameterCount ?? 0
  }
}
