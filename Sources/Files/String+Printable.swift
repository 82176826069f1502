extension String {
  /// The text on one line, with every character escaped that a terminal obeys, or that nobody sees.
  ///
  /// Control characters (C0, DEL, C1, line breaks), characters of direction and other invisible ones of Unicode become
  /// `\n`, `\t` or `\u{1B}`. What is escaped holds none of them, so that a second pass changes nothing. Names that come out of
  /// files, and files' own names, are printed in this form; what is computed with is the text itself.
  public var printable: String { printable(keepingLines: false) }

  /// The text with what a terminal obeys escaped as ``printable`` says, but for line feeds where they are wanted.
  ///
  /// - Parameter keepingLines: Whether line feeds stay, as a text of several lines needs them.
  public func printable(keepingLines: Bool) -> String {
    guard unicodeScalars.contains(where: \.isUnseen) else { return self }
    return unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case _ where !scalar.isUnseen: text.unicodeScalars.append(scalar)
      case "\n": text += keepingLines ? "\n" : "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      default: text += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      }
    }
  }
}

extension Unicode.Scalar {
  /// Whether a terminal acts on the character or shows nothing for it.
  fileprivate var isUnseen: Bool {
    if isASCII { return value < 0x20 || value == 0x7F }
    return switch properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: properties.isDefaultIgnorableCodePoint
    }
  }
}
