import Random
import Testing

/// The expected values come from PyTorch 2.13 on a processor with AVX-512.
///
/// ```
/// import numpy, torch
/// def checksum(t):
///     h = 0
///     for w in t.numpy().view(numpy.uint32).ravel().tolist(): h = (h * 31 + w) % 2**32
///     return "0x%08x" % h
/// torch.manual_seed(0); print(torch.randn(5).tolist(), checksum(torch.randn(3)))
/// torch.manual_seed(5489); print([checksum(torch.randn(n)) for n in (7, 160001, 2)])
/// torch.manual_seed(0); print(checksum(torch.randn(37)))
/// torch.manual_seed(2**40 + 7); print(checksum(torch.randn(16)))
/// torch.manual_seed(123456789012); print(checksum(torch.empty(1000).uniform_(-.118, .12)))
/// torch.manual_seed(3); print(checksum(torch.empty(50).normal_(.5, 2.)), checksum(torch.empty(5).normal_(.5, 2.)))
/// ```
@Suite("PyTorch's random numbers on the CPU")
struct TorchGeneratorTests {
  private func checksum(_ values: [Float]) -> UInt32 {
    values.reduce(0) { $0 &* 31 &+ $1.bitPattern }
  }

  @Test("The words are those of the reference implementation of the Mersenne twister, seed 5489")
  func words() {
    var generator = TorchGenerator(seed: 5489)
    let words = (0..<10_000).map { _ in generator.nextWord() }
    #expect(words[0] == 3_499_211_612)
    // The value that the C++ standard demands of std::mt19937.
    #expect(words[9_999] == 4_123_659_995)
  }

  @Test("Fewer than sixteen normals are pairs in double precision, and the second of a pair waits for the next call")
  func fewNormals() {
    var generator = TorchGenerator(seed: 0)
    let normals = generator.normal(count: 5)
    #expect(
      normals == [1.5409960746765137, -0.293428897857666, -2.1787893772125244, 0.5684312582015991, -1.0845223665237427])
    #expect(checksum(generator.normal(count: 3)) == 0x795e_e298)
  }

  @Test("Sixteen normals or more are blocks of sixteen, the last of them drawn again where they do not fit")
  func manyNormals() {
    var generator = TorchGenerator(seed: 0)
    #expect(checksum(generator.normal(count: 37)) == 0xd0f0_63fb)
  }

  @Test("Short and long lines of normals follow each other as in PyTorch, bit for bit")
  func mixedNormals() {
    var generator = TorchGenerator(seed: 5489)
    #expect(checksum(generator.normal(count: 7)) == 0x60ac_cdaa)
    #expect(checksum(generator.normal(count: 160_001)) == 0xf0ff_15b9)
    #expect(checksum(generator.normal(count: 2)) == 0x40a8_575f)
  }

  @Test("Only the low half of a seed counts")
  func longSeeds() {
    var generator = TorchGenerator(seed: 1 << 40 + 7)
    #expect(checksum(generator.normal(count: 16)) == 0x8457_6ed2)
  }

  @Test("Uniform values have 24 random bits and are rounded once")
  func uniform() {
    var generator = TorchGenerator(seed: 123_456_789_012)
    #expect(checksum(generator.uniform(count: 1000, from: -0.118, to: 0.12)) == 0x64b2_2e7e)
  }

  @Test("Mean and deviation are applied with PyTorch's roundings")
  func meanAndDeviation() {
    var generator = TorchGenerator(seed: 3)
    #expect(checksum(generator.normal(count: 50, mean: 0.5, deviation: 2)) == 0x0f0d_ee4a)
    #expect(checksum(generator.normal(count: 5, mean: 0.5, deviation: 2)) == 0xd806_aefe)
  }
}
