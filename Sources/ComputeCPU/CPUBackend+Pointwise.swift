import CPUKernels
public import Compute

extension CPUBackend {
  /// One pass over all terms.
  public func combine(_ terms: [Term], into destination: Buffer) {
    checkCombine(terms, destination)
    guard let to = values(destination) else { return }
    var arguments = pointwise(to, count: destination.count)
    arguments.terms = terms.count
    for (place, term) in terms.enumerated() {
      guard let from = values(term.buffer) else { return }
      withUnsafeMutableBytes(of: &arguments.sources) {
        $0.storeBytes(of: UnsafePointer(from), toByteOffset: place * MemoryLayout<Int>.stride, as: UnsafePointer.self)
      }
      withUnsafeMutableBytes(of: &arguments.coefficients) {
        $0.storeBytes(of: Float(term.coefficient), toByteOffset: place * MemoryLayout<Float>.stride, as: Float.self)
      }
    }
    pool.run(kernels.combine, arguments, count: pieces(arguments.count, of: arguments.chunk))
  }

  /// One pass.
  public func clamp(_ source: Buffer, lower: Float, upper: Float, into destination: Buffer) {
    checkLengths(source, destination)
    guard let from = values(source), let to = values(destination) else { return }
    var arguments = pointwise(to, count: destination.count)
    arguments.sources.0 = UnsafePointer(from)
    arguments.lower = lower
    arguments.upper = upper
    pool.run(kernels.clamp, arguments, count: pieces(arguments.count, of: arguments.chunk))
  }

  /// One pass, a row a task.
  public func clampRows(_ source: Buffer, limits: Buffer, into destination: Buffer) {
    run(kernels.clamp_rows, source, rows: limits, into: destination)
  }

  /// One pass, a row a task.
  public func scaleRows(_ source: Buffer, by factors: Buffer, into destination: Buffer) {
    run(kernels.scale_rows, source, rows: factors, into: destination)
  }

  /// Copies, a row a call.
  public func selectRows(_ source: Buffer, _ indices: [Int], into destination: Buffer) {
    checkSelectRows(source, indices, destination)
    let length = destination.count / indices.count
    guard let from = values(source), let to = values(destination) else { return }
    for (place, index) in indices.enumerated() {
      (to + place * length).update(from: from + index * length, count: length)
    }
  }

  /// One pass, with the polynomial exponential of activations.
  public func scaleByFunction(
    _ source: Buffer, of argument: Buffer, _ rule: ScalingFunction, into destination: Buffer
  ) {
    checkScaling(source, of: argument, destination)
    guard let from = values(source), let by = values(argument), let to = values(destination) else { return }
    var arguments = pointwise(to, count: destination.count)
    arguments.sources.0 = UnsafePointer(from)
    arguments.sources.1 = UnsafePointer(by)
    arguments.coefficients.0 = rule.scale
    arguments.coefficients.1 = rule.factor
    let task =
      switch rule.kind {
      case .exponential: kernels.scale_by_exponential
      case .squareRoot: kernels.scale_by_root
      }
    pool.run(task, arguments, count: pieces(arguments.count, of: arguments.chunk))
  }

  private func run(_ task: KernelTask?, _ source: Buffer, rows: Buffer, into destination: Buffer) {
    checkRows(source, rows: rows, destination)
    guard let from = values(source), let perRow = values(rows), let to = values(destination) else { return }
    var arguments = pointwise(to, count: destination.count)
    arguments.sources.0 = UnsafePointer(from)
    arguments.rows = UnsafePointer(perRow)
    arguments.row_length = source.count / rows.count
    pool.run(task, arguments, count: rows.count)
  }

  /// Arguments of the kernels that treat values one by one, 64 KB a task.
  func pointwise(_ destination: UnsafeMutablePointer<Float>, count: Int) -> cpu_pointwise {
    var arguments = cpu_pointwise()
    arguments.destination = destination
    arguments.count = count
    arguments.chunk = 16384
    return arguments
  }
}
