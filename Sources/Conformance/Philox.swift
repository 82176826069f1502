/// Philox-4x32 with ten rounds.
///
/// From Salmon and others, 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3.
///
/// A round multiplies two words of the counter and mixes the high halves of the products with the other two words and
/// the key; the key grows by a constant from round to round.
package enum Philox {
  /// Four 32-bit words as a function of a counter and a key.
  package static func words(counter: [UInt32], key: (UInt32, UInt32)) -> [UInt32] {
    var words = counter
    var key = key
    for _ in 0..<10 {
      let product0 = UInt64(0xD251_1F53) * UInt64(words[0])
      let product1 = UInt64(0xCD9E_8D57) * UInt64(words[2])
      words = [
        UInt32(product1 >> 32) ^ words[1] ^ key.0, UInt32(truncatingIfNeeded: product1),
        UInt32(product0 >> 32) ^ words[3] ^ key.1, UInt32(truncatingIfNeeded: product0),
      ]
      key = (key.0 &+ 0x9E37_79B9, key.1 &+ 0xBB67_AE85)
    }
    return words
  }
}
