/// Why a value is no number of a range, in words that follow the name of the value and a colon.
///
/// Such as `-3 is no whole number from 1 to 1048576`. Settings, configurations and flags all word it by this one type, so
/// that a number out of range reads the same wherever it comes from.
public struct NumberFault: Error, Sendable, Hashable, CustomStringConvertible {
  /// The words.
  public let description: String

  /// A value that is no whole number of a range.
  public init(_ value: String, isNoWholeNumberIn range: ClosedRange<Int>) {
    description = "\(value) is no whole number from \(range.lowerBound) to \(range.upperBound)"
  }

  /// A value that is no number of a range.
  public init(_ value: String, isNoNumberIn range: ClosedRange<Double>) {
    let ends = [range.lowerBound, range.upperBound].map { JSONValue.number($0).line }
    description = "\(value) is no number from \(ends[0]) to \(ends[1])"
  }
}

extension Int {
  /// The number itself.
  ///
  /// - Throws: ``NumberFault`` if it is outside the range.
  @discardableResult
  public func checked(in range: ClosedRange<Int>) throws(NumberFault) -> Int {
    guard range.contains(self) else { throw NumberFault("\(self)", isNoWholeNumberIn: range) }
    return self
  }
}

extension Double {
  /// The number itself.
  ///
  /// - Throws: ``NumberFault`` if it is outside the range or no number at all (NaN).
  @discardableResult
  public func checked(in range: ClosedRange<Double>) throws(NumberFault) -> Double {
    guard range.contains(self) else { throw NumberFault(JSONValue.number(self).line, isNoNumberIn: range) }
    return self
  }
}

extension JSONValue {
  /// The whole number of a range that this is: both `1` and `1.0`.
  ///
  /// - Throws: ``NumberFault`` if this is something else, NaN and infinity included.
  public func wholeNumber(in range: ClosedRange<Int>) throws(NumberFault) -> Int {
    guard let number = int, range.contains(number) else { throw NumberFault(short, isNoWholeNumberIn: range) }
    return number
  }

  /// The number of a range that this is.
  ///
  /// - Throws: ``NumberFault`` if this is something else, NaN included.
  public func number(in range: ClosedRange<Double>) throws(NumberFault) -> Double {
    guard let number = double, range.contains(number) else { throw NumberFault(short, isNoNumberIn: range) }
    return number
  }

  /// The value as messages quote it, on one short line.
  public var short: String {
    switch self {
    case .string(let text): "'\(text.prefix(80).split(whereSeparator: \.isNewline).joined(separator: " "))'"
    case .array(let elements) where elements.count <= 8 && !elements.contains { $0.array != nil }:
      "[\(elements.map(\.short).joined(separator: ", "))]"
    case .array: "a list"
    case .object: "an object"
    default: line
    }
  }
}

/// The product of numbers that are not negative, or nil where it does not fit into `Int`: for sizes of memory.
public func product(of numbers: some Sequence<Int>) -> Int? {
  var result = 1
  for number in numbers {
    let (product, overflows) = result.multipliedReportingOverflow(by: number)
    guard number >= 0, !overflows else { return nil }
    result = product
  }
  return result
}
