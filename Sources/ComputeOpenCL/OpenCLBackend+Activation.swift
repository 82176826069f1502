public import Compute

extension Nonlinearity {
  /// The number of the function in common.cl.
  var number: Int {
    switch self {
    case .identity: 0
    case .silu: 1
    case .mish: 2
    case .gelu: 3
    case .relu: 4
    }
  }
}

extension OpenCLBackend: FeatureMapOperations {
  /// Converts exact values to channels-last.
  public func enter(_ source: Buffer, scale: Float, shift: Float, into destination: FeatureMap) {
    let shape = destination.shape
    checkEnter(source, destination)
    guard let x = memory(source), let out = memory(destination) else { return }
    launch(
      .enter, for: .enter, items: vectors(of: shape), .memory(x.id), .memory(out.id), .float(scale), .float(shift),
      .int(shape.channels), .int(shape.pixels), .int(shape.batch * shape.pixels))
  }

  /// Converts an activation to exact values.
  public func leave(_ source: FeatureMap, into destination: Buffer) {
    let shape = source.shape
    checkLeave(source, destination)
    guard let x = memory(source), let out = memory(destination) else { return }
    launch(
      .leave, for: .leave, items: vectors(of: shape), .memory(x.id), .memory(out.id), .int(shape.channels),
      .int(shape.pixels), .int(shape.batch * shape.pixels))
  }

  /// Applies a function to every value.
  public func activate(_ source: FeatureMap, _ function: Nonlinearity, into destination: FeatureMap) {
    checkActivate(source, destination)
    guard let x = memory(source), let out = memory(destination) else { return }
    let vectors = vectors(of: source.shape)
    launch(
      .activate, for: .activate, items: vectors, .memory(x.id), .memory(out.id), .int(function.number), .int(vectors))
  }

  /// Looks rows up in a table.
  public func lookUpEmbedding(of table: Parameter, _ indices: [Int], into destination: FeatureMap) {
    let shape = destination.shape
    checkLookUpEmbedding(of: table, indices, destination)
    let columns = table.shape[1]
    guard let form = self.table(table), let out = memory(destination),
      let places = upload(indices.map(Int32.init), for: "indices")
    else {
      return
    }
    let vectors = vectors(of: shape)
    launch(
      .lookUpEmbedding, for: .lookUpEmbedding, items: vectors, .memory(form.id), .memory(places.id), .memory(out.id),
      .int(columns), .int(vectors))
  }

  /// One pass.
  public func add(
    _ first: FeatureMap, times firstScale: Float, _ second: FeatureMap?, times secondScale: Float,
    into destination: FeatureMap
  ) {
    let shape = destination.shape
    checkAdd(first, second, destination)
    guard let x = memory(first), let y = memory(second ?? first), let out = memory(destination) else { return }
    let vectors = vectors(of: shape)
    launch(
      .addFeatureMaps, for: .add, items: vectors, .memory(x.id), .memory(y.id), .memory(out.id), .float(firstScale),
      .float(secondScale), .int(second == nil ? 0 : 1), .int(vectors))
  }

  /// One pass, some channels of a sample a work-item.
  public func spatialSum(_ source: FeatureMap, into destination: FeatureMap) {
    let shape = source.shape
    checkSpatialSum(source, destination)
    guard let x = memory(source), let out = memory(destination) else { return }
    launch(
      .spatialSum, for: .spatialSum, items: vectors(of: destination.shape), .memory(x.id), .memory(out.id),
      .int(shape.channels), .int(shape.pixels), .int(shape.batch))
  }

  /// One pass.
  public func activateGradient(
    _ source: FeatureMap, _ function: Nonlinearity, _ gradient: FeatureMap, into destination: FeatureMap
  ) {
    checkActivateGradient(source, gradient, destination)
    guard let x = memory(source), let g = memory(gradient), let out = memory(destination) else { return }
    let vectors = vectors(of: source.shape)
    launch(
      .activateGradient, for: .activateGradient, items: vectors, .memory(x.id), .memory(g.id), .memory(out.id),
      .int(function.number), .int(vectors))
  }

  /// One pass; words are made once for four places that lie together.
  public func dropout(
    _ source: FeatureMap, probability: Double, seeds: [UInt64], key: NoiseKey, into destination: FeatureMap
  ) {
    let shape = source.shape
    let rule = DropoutRule(
      probability: probability, shape: shape, destination: destination.shape, seeds: seeds.count)
    guard let x = memory(source), let out = memory(destination), let words = words(of: seeds) else { return }
    let vectors = vectors(of: shape)
    launch(
      .dropValues, for: .dropout, items: vectors, .memory(x.id), .memory(out.id), .memory(words.id), .word(key.step),
      .word(key.draw), .word(rule.threshold), .float(rule.scale),
      .int(shape.channels), .int(shape.pixels), .int(vectors))
  }
}
