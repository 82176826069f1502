import Files
import Testing

@Suite("Numbers within a range")
struct NumberTests {
  /// What files hold where a number is expected: edges of integers and of doubles, words, and other kinds of value.
  static let hostile: [JSONValue] =
    [
      .nan, .infinity, -.infinity, 0, -0.0, 1, -1, 0.5, 1e-300, -1e-300, 1e15, 1e18, 0x1p53, 0x1p62, 0x1p63, -0x1p63,
      0x1p64, -1e19, 1e300, .greatestFiniteMagnitude,
    ].map { .number($0) } + [.null, .boolean(true), .string("1"), .string("a\nb"), .array([.number(1)]), .object([:])]

  @Test("Whatever is read is in the range, and everything else is one line with the range", arguments: hostile)
  func range(value: JSONValue) {
    for range in [0...0, 1...1_048_576, Int.min...Int.max, -5...5] {
      do throws(NumberFault) {
        let number = try value.wholeNumber(in: range)
        #expect(range.contains(number) && value == .number(Double(number)))
      } catch {
        #expect(value.int.map { !range.contains($0) } ?? true)
        #expect(
          error.description == "\(value.short) is no whole number from \(range.lowerBound) to \(range.upperBound)")
        #expect(!error.description.contains("\n"))
      }
    }
    for range in [0.0...1, -1e6...1e6, -.infinity...0] {
      do throws(NumberFault) {
        let number = try value.number(in: range)
        #expect(range.contains(number) && value == .number(number))
      } catch {
        #expect(value.double.map { !range.contains($0) } ?? true)
        #expect(!error.description.contains("\n"))
      }
    }
  }

  @Test("Products that do not fit, and those of negative numbers, are none")
  func products() {
    #expect(product(of: []) == 1)
    #expect(product(of: [3, 5, 7]) == 105)
    #expect(product(of: [1 << 31, 1 << 31]) == 1 << 62)
    #expect(product(of: [1 << 31, 1 << 32]) == nil)
    #expect(product(of: [Int.max, 1]) == .max)
    #expect(product(of: [Int.max, 2]) == nil)
    #expect(product(of: [-1, 2]) == nil)
  }
}
