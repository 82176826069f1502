/// The place where a function changes its sign, by bisection until no number lies between the ends.
///
/// - Parameters:
///   - function: Of opposite sign at the ends of `range`, or zero at one of them.
///   - range: Where to search.
func root(of function: (Double) -> Double, in range: ClosedRange<Double>) -> Double {
  var (low, high) = (range.lowerBound, range.upperBound)
  let lowIsNegative = function(low) < 0
  precondition(lowIsNegative != (function(high) < 0), "the function has one sign at both ends of \(range)")
  while true {
    let middle = low + (high - low) / 2
    guard low < middle && middle < high else { return middle }
    if (function(middle) < 0) == lowIsNegative { low = middle } else { high = middle }
  }
}
