import Files
import Testing

@Suite("What a terminal obeys is escaped")
struct PrintableTests {
  @Test("Controls, directions and invisible characters are escaped, all others stay")
  func everyCharacter() {
    for scalar in (UInt32(0)...0x10FFFF).lazy.compactMap(Unicode.Scalar.init) {
      let text = String(Character(scalar))
      let printable = text.printable
      if printable == text {
        // C0, DEL, C1; the marks, embeddings, overrides and isolates of direction; zero width; separators; tags.
        #expect(
          scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value) && !(0x200B...0x200F).contains(scalar.value)
            && !(0x2028...0x202E).contains(scalar.value) && !(0x2060...0x206F).contains(scalar.value)
            && !(0xE0000...0xE0FFF).contains(scalar.value) && ![0xAD, 0x61C, 0xFEFF].contains(scalar.value),
          "U+\(String(scalar.value, radix: 16))")
      } else {
        #expect(printable.hasPrefix("\\") && printable.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(printable)")
      }
    }
  }

  @Test(
    "Escaped once is escaped for good",
    arguments: ["a\u{1B}[2Jb", "\u{202E}gnp.exe", "one\ntwo\r\n", "\\u{1B}", "Ünï ☃ 数字"])
  func idempotent(text: String) {
    #expect(text.printable.printable == text.printable)
    #expect(!text.printable.contains("\n"))
  }

  @Test("Line feeds stay where they are wanted, and nothing else does")
  func lines() {
    #expect("a\n\u{1B}b\r\n".printable(keepingLines: true) == "a\n\\u{1B}b\\r\n")
    #expect("a\nb".printable == "a\\nb")
  }

  @Test("An error of a file is one printable line, whatever its path and fault hold")
  func fileError() {
    let error = FileError("x\n\u{1B}]0;title\u{7}", "tensor '\u{9B}31m\u{2066}' is odd")
    #expect(error.description == "x\\n\\u{1B}]0;title\\u{7}: tensor '\\u{9B}31m\\u{2066}' is odd")
    #expect(error.path.contains("\u{1B}"), "the path itself still opens the file")
  }

  @Test("Only plain names count as names of neighbours")
  func plainNames() {
    for name in ["unet", "model-00001-of-00002.safetensors", "prior network", "数"] { #expect(name.isPlainFileName) }
    for name in ["", ".", "..", ".hidden", "/etc", "a/b", "../a", "a\u{0}b"] {
      #expect(!name.isPlainFileName, "\(name)")
    }
  }
}
