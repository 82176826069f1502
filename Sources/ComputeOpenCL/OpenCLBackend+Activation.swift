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
    precondition(source.count == shape.count, "\(source.count) values do not fill \(shape)")
    guard let x = memory(source), let out = memory(destination) else { return }
    launch(
      .enter, for: .enter, items: vectors(of: shape), .memory(x.id), .memory(out.id), .float(scale), .float(shift),
      .int(shape.channels), .int(shape.pixels), .int(shape.batch * shape.pixels))
  }

  /// Converts an activation to exact values.
  public func leave(_ source: FeatureMap, into destination: Buffer) {
    let shape = source.shape
    precondition(destination.count == shape.count, "\(shape) does not fill \(destination.count) values")
    guard let x = memory(source), let out = memory(destination) else { return }
    launch(
      .leave, for: .leave, items: vectors(of: shape), .memory(x.id), .memory(out.id), .int(shape.channels),
      .int(shape.pixels), .int(shape.batch * shape.pixels))
  }

  /// Applies a function to every value.
  public func activate(_ source: FeatureMap, _ function: Nonlinearity, into destination: FeatureMap) {
    precondition(source.shape == destination.shape, "\(source.shape) does not fill \(destination.shape)")
    guard let x = memory(source), let out = memory(destination) else { return }
    let vectors = vectors(of: source.shape)
    launch(
      .activate, for: .activate, items: vectors, .memory(x.id), .memory(out.id), .int(function.number), .int(vectors))
  }

  /// Looks rows up in a table.
  public func lookUpEmbedding(of table: Parameter, _ indices: [Int], into destination: FeatureMap) {
    let shape = destination.shape
    precondition(table.shape.count == 2, "a table has rows and columns, this has the shape \(table.shape)")
    let (rows, columns) = (table.shape[0], table.shape[1])
    precondition(
      shape == FeatureMapShape(batch: indices.count, channels: columns),
      "\(indices.count) rows of \(columns) do not fill \(shape)")
    precondition(indices.allSatisfy { (0..<rows).contains($0) }, "an index is not one of the table's \(rows) rows")
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
}
