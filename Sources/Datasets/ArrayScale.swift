import Files

/// The values of an array that stand for black and white.
struct ArrayScale {
  /// Black and white.
  let range: ImageReading.ValueRange
  /// Whether values beyond both are moved to them.
  let clamps: Bool

  /// The scale of an array, from what the reading says or the array's type, with all values checked.
  init(
    _ array: NumpyArray, _ named: ImageReading.ValueRange?, clamps: Bool, path: String, _ note: (String) -> Void
  ) throws {
    let isFloat = if case .floats = array.values { true } else { false }
    range = named ?? (array.isBoolean ? .unit : isFloat ? .model : .byte)
    self.clamps = clamps && isFloat
    guard let (least, most) = extrema(of: array.values) else {
      throw FileError(path, "holds values that are not finite")
    }
    let beyond = least < range.bounds.lowerBound || most > range.bounds.upperBound
    // A model's samples lie about zero: what is never below it has another range.
    if beyond, !self.clamps || named == nil && least >= 0 {
      throw ImageReadingError(path, .range, "values from \(least) to \(most) pass the range \(range.rawValue)")
    }
    if beyond { note("\(path): values from \(least) to \(most) are clamped to \(range.rawValue)") }
    if named == nil, isFloat, least >= 0, most <= 1 {
      note("\(path): all values lie in 0..1 and are read as parts of -1..1; name the range 0..1 if that is meant")
    }
  }

  /// A value in a model's range.
  func modelValue(_ value: Float) -> Float {
    let value = clamps ? min(max(value, range.bounds.lowerBound), range.bounds.upperBound) : value
    // Bytes that were divided by 255 come back as the bytes, bit for bit.
    return switch range {
    case .unit: value * 255 / 127.5 - 1
    case .byte: value / 127.5 - 1
    case .word: value / 32_767.5 - 1
    case .model: value
    }
  }
}

/// The least and the largest value, found without a copy; nil if one is not finite.
private func extrema(of values: NumpyArray.Values) -> (least: Float, most: Float)? {
  switch values {
  case .floats(let values):
    values.allSatisfy(\.isFinite) ? (values.min() ?? 0, values.max() ?? 0) : nil
  case .bytes(let values): (Float(values.min() ?? 0), Float(values.max() ?? 0))
  case .integers(let values): (Float(values.min() ?? 0), Float(values.max() ?? 0))
  }
}

extension ImageReading.ValueRange {
  /// Black and white.
  var bounds: ClosedRange<Float> {
    switch self {
    case .unit: 0...1
    case .byte: 0...255
    case .word: 0...65_535
    case .model: -1...1
    }
  }
}
