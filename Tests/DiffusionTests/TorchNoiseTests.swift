import Diffusion
import Tensors
import Testing

/// Golden values are those of a program with PyTorch 2.13 and diffusers 0.42.
///
/// ```
/// generators = [torch.Generator("cpu").manual_seed(s) for s in (7, 2**32 + 8, 123456789012)]
/// for _ in ("initial", "step"):
///   noise = randn_tensor((3,) + shape, generator=generators).flatten(1)
///   print(noise[:, places].tolist())
/// ```
@Suite("PyTorch's noise")
struct TorchNoiseTests {
  private let seeds: [UInt64] = [7, 1 << 32 + 8, 123_456_789_012]

  @Test("twenty values a sample, of which the last sixteen are drawn twice, are diffusers'")
  func manyValues() throws {
    let noise = TorchNoise(seeds: seeds, sampleShape: [1, 4, 5], on: makeTestBackend())
    let initial = noise.initialNoise()
    #expect(initial.shape == [3, 1, 4, 5])
    let places = [0, 1, 7, 8, 18, 19]
    try expect(
      initial.values(), of: 20, at: places,
      [
        -0.8201345205307007, 0.39563116431236267, -0.7245107293128967, -0.8489086031913757, -2.056462526321411,
        -0.35672253370285034, -1.1892017126083374, 1.3932348489761353, -0.5684776902198792, 1.7643864154815674,
        0.8971533179283142, -0.33181819319725037, -0.3533598780632019, -0.26349639892578125, 0.2721802890300751,
        0.24283090233802795, 0.23654742538928986, 0.10759707540273666,
      ])
    try expect(
      noise.stepNoise(step: 0, draw: 0).values(), of: 20, at: places,
      [
        0.9571021795272827, -0.6618675589561462, -0.3156411051750183, -0.5320788621902466, -0.06256739795207977,
        0.4495094120502472, -0.12904609739780426, 1.669433355331421, 0.5837883353233337, -0.47096458077430725,
        -0.2124103605747223, -0.1274966597557068, -0.09358345717191696, -0.08960459381341934, 0.45887255668640137,
        -0.5822582840919495, 0.8321396112442017, 1.29595148563385,
      ])
  }

  @Test("nine values a sample, with one kept for the next draw, are diffusers'")
  func fewValues() throws {
    let noise = TorchNoise(seeds: seeds, sampleShape: [1, 3, 3], on: makeTestBackend())
    try expect(
      noise.initialNoise().values(), of: 9, at: [0, 1, 7, 8],
      [
        -0.1467950940132141, 0.7861412763595581, 1.2323857545852661, 0.13817265629768372, 0.2712765038013458,
        -1.2729183435440063, -0.10431472212076187, -1.5312546491622925, -0.6109422445297241, -0.33908164501190186,
        0.5832734704017639, 1.8473548889160156,
      ])
    try expect(
      noise.stepNoise(step: 0, draw: 0).values(), of: 9, at: [0, 1, 7, 8],
      [
        -1.6821985244750977, 0.317678302526474, 2.4382081031799316, 0.2027582824230194, 0.6318014860153198,
        -1.3447675704956055, 1.0883737802505493, 0.177006334066391, 0.17004479467868805, 0.4434886872768402,
        -0.2690834403038025, -1.2677890062332153,
      ])
  }

  @Test("a sample's noise is the same alone and in a batch")
  func batch() throws {
    let backend = makeTestBackend()
    let batch = TorchNoise(seeds: seeds, sampleShape: [1, 4, 5], on: backend)
    let single = TorchNoise(seeds: [seeds[1]], sampleShape: [1, 4, 5], on: backend)
    #expect(try single.initialNoise().values() == Array(batch.initialNoise().values()[20..<40]))
    for step in 0..<2 {
      let (one, all) = (single.stepNoise(step: step, draw: 0), batch.stepNoise(step: step, draw: 0))
      #expect(try one.values() == Array(all.values()[20..<40]))
    }
  }

  private func expect(_ values: [Float], of count: Int, at places: [Int], _ expected: [Float]) {
    let found = seeds.indices.flatMap { row in places.map { values[row * count + $0] } }
    for (value, golden) in zip(found, expected) { #expect(abs(value - golden) < 1e-6) }
  }
}
