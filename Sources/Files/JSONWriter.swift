extension JSONValue {
  /// The document as text with sorted names, two spaces an indentation.
  ///
  /// Every number comes back as it was: whole ones below 2^53 without a point, others with as many digits as they need. JSON has no
  /// words for numbers that are not finite; they are written as Python writes them: `NaN`, `Infinity`, `-Infinity`.
  public var text: String {
    var text = ""
    write(to: &text, indentation: 0)
    return text
  }

  /// The same in one line, for logs.
  public var line: String {
    var text = ""
    write(to: &text, indentation: nil)
    return text
  }

  /// - Parameter indentation: Spaces before the closing bracket, or nil for no new lines.
  private func write(to text: inout String, indentation: Int?) {
    switch self {
    case .null: text += "null"
    case .boolean(let value): text += value ? "true" : "false"
    case .number(let number): text += Self.text(of: number)
    case .string(let string): Self.write(string, to: &text)
    case .array(let elements):
      Self.write(elements.map { ("", $0) }, between: ("[", "]"), to: &text, indentation: indentation)
    case .object(let members):
      let sorted = members.sorted { $0.key < $1.key }.map { member in
        var name = ""
        Self.write(member.key, to: &name)
        return (name + ": ", member.value)
      }
      Self.write(sorted, between: ("{", "}"), to: &text, indentation: indentation)
    }
  }

  private static func write(
    _ items: [(prefix: String, value: JSONValue)], between brackets: (String, String), to text: inout String,
    indentation: Int?
  ) {
    /// What stands before an item or bracket that is so much further in.
    func gap(_ depth: Int) -> String {
      indentation.map { "\n" + String(repeating: " ", count: $0 + depth) } ?? " "
    }
    text += brackets.0
    for (place, item) in items.enumerated() {
      text += (place == 0 ? "" : ",") + gap(2) + item.prefix
      item.value.write(to: &text, indentation: indentation.map { $0 + 2 })
    }
    if !items.isEmpty { text += gap(0) }
    text += brackets.1
  }

  private static func text(of number: Double) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
    if number == 0, number.sign == .minus { return "-0.0" }
    if let whole = Int(exactly: number), whole.magnitude < 1 << 53 { return String(whole) }
    return number.description
  }

  private static func write(_ string: String, to text: inout String) {
    text += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
