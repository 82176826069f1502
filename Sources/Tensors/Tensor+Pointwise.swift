public import Compute

extension Tensor {
  /// A linear combination of tensors of equal shape: `sum over k of c_k x_k`, in one pass for up to eight terms.
  ///
  /// Terms whose coefficient is zero are not read, so that an infinity there does not turn into NaN; at least one term
  /// is not zero.
  public static func combination(_ terms: [(Double, Tensor)]) -> Tensor {
    let kept = terms.filter { $0.0 != 0 }
    guard let first = kept.first?.1 else { preconditionFailure("a combination needs a coefficient that is not zero") }
    precondition(kept.allSatisfy { $0.1.shape == first.shape }, "the terms' shapes differ: \(kept.map(\.1.shape))")
    return first.makeResult { destination in
      first.backend.combine(kept.map { Term($0.0, $0.1.buffer) }, into: destination)
    }
  }

  /// The tensor times a number.
  public func scaled(by factor: Double) -> Tensor {
    makeResult { backend.combine([Term(factor, buffer)], into: $0) }
  }

  /// Values limited to a range: `min(max(x, lower), upper)`.
  public func clamped(to range: ClosedRange<Double>) -> Tensor {
    makeResult {
      backend.clamp(buffer, lower: Float(range.lowerBound), upper: Float(range.upperBound), into: $0)
    }
  }

  /// Each row limited to `-limits[r] ... limits[r]` and divided by `limits[r]`.
  public func clampedRows(toLimits limits: [Float]) -> Tensor {
    precondition(limits.count == rows, "\(limits.count) limits for \(rows) rows")
    return makeResult { backend.clampRows(buffer, limits: backend.makeBuffer(limits), into: $0) }
  }

  /// Each row times its own factor.
  public func scaledRows(by factors: [Float]) -> Tensor {
    precondition(factors.count == rows, "\(factors.count) factors for \(rows) rows")
    return makeResult { backend.scaleRows(buffer, by: backend.makeBuffer(factors), into: $0) }
  }

  /// Rows by their indices, copied bit for bit: PyTorch's `index_select` along the first axis.
  ///
  /// A row may be taken more than once; the result has `indices.count` rows.
  public func selectingRows(_ indices: some Sequence<Int>) -> Tensor {
    let indices = Array(indices)
    precondition(!indices.isEmpty, "a selection has at least one row")
    return makeResult(shape: [indices.count] + shape.dropFirst()) { backend.selectRows(buffer, indices, into: $0) }
  }

  /// Each value times a function of another tensor's: `factor * g(scale * argument) * x`.
  public func scaled(by rule: ScalingFunction, of argument: Tensor) -> Tensor {
    precondition(argument.shape == shape, "the shapes differ: \(shape) and \(argument.shape)")
    return makeResult { backend.scaleByFunction(buffer, of: argument.buffer, rule, into: $0) }
  }

  /// The sum of the squares of each row, `[rows]`.
  public func rowSquares() -> Tensor {
    makeResult(shape: [rows]) { backend.sumSquares(buffer, into: $0) }
  }
}
