import Evaluation
import Testing

@Suite("Entropies of compositions")
struct EntropyTests {
  /// Percentages of the paper's diversity figure, rounded to a tenth there, so that they add up to within a fifth of a hundred.
  @Test(
    "the paper's diversity is Shannon's entropy in bits",
    arguments: [
      ([69.5, 7.6, 7.1, 8.9, 4.9, 1.9], 1.551), ([72.3, 8.0, 5.6, 8.0, 4.8, 1.3], 1.446),
      ([78.5, 6.4, 3.9, 7.0, 3.5, 0.6], 1.192), ([88.3, 3.7, 2.6, 2.8, 2.4, 0.2], 0.763),
    ])
  func bits(percentages: [Double], entropy: Double) {
    let sum = percentages.reduce(0, +)
    let composition = Composition(shares: percentages.map { $0 / sum }, count: 50_000)
    #expect(abs(composition.entropy - entropy) < 1e-3)
  }
}
