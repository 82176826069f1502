/// A number or a rising range of them, such as `3` or `0-9`; nil for any other text.
func numberRange<Number: FixedWidthInteger>(_ text: Substring) -> ClosedRange<Number>? {
  let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Number($0) }
  guard let first = ends.first ?? nil, ends.count <= 2, let last = ends.count == 2 ? ends[1] : first, first <= last
  else { return nil }
  return first...last
}

/// Numbers as text, runs of consecutive ones as ranges, such as `3,5-9`.
func rangesText(of numbers: [some FixedWidthInteger]) -> String {
  var parts: [String] = []
  var start = 0
  while start < numbers.count {
    var end = start
    while end + 1 < numbers.count, numbers[end] < .max, numbers[end + 1] == numbers[end] + 1 { end += 1 }
    parts.append(start == end ? "\(numbers[start])" : "\(numbers[start])-\(numbers[end])")
    start = end + 1
  }
  return parts.joined(separator: ",")
}
