import Diffusion
import Testing

/// The loops of `tests/schedulers` in diffusers, with their published sums (within 1e-2) and means (within 1e-3).
@Suite("Published loops of diffusers")
struct PublishedLoopTests {
  private typealias Settings = [String: JSONValue]

  private func check(
    _ loop: PublishedLoop, sum: Double? = nil, mean: Double, location: SourceLocation = #_sourceLocation
  ) throws {
    let result = try loop.run()
    #expect(abs(result.mean - mean) < 1e-3, "\(loop)", sourceLocation: location)
    if let sum { #expect(abs(result.sum - sum) < 1e-2, "\(loop)", sourceLocation: location) }
  }

  private let velocity: Settings = ["prediction_type": .string("v_prediction")]
  private let karras: Settings = ["use_karras_sigmas": .boolean(true)]

  private func joined(_ parts: Settings...) -> Settings {
    parts.reduce(into: [:]) { $0.merge($1) { $1 } }
  }

  @Test("DDPM, with PyTorch's noise")
  func ddpm() throws {
    var loop = PublishedLoop(className: "DDPM", steps: 1000)
    try check(loop, sum: 258.9606, mean: 0.3372)
    loop.settings = velocity
    try check(loop, sum: 202.0296, mean: 0.2631)
    try check(.init(className: "DDPM", steps: 1000, noisedAt: 998), sum: 387.9466, mean: 0.5051)
  }

  @Test("DDIM")
  func ddim() throws {
    let late: Settings = ["beta_start": .number(0.01)]
    try check(.init(className: "DDIM"), sum: 172.0067, mean: 0.223967)
    try check(.init(className: "DDIM", settings: velocity), sum: 52.5302, mean: 0.0684)
    try check(.init(className: "DDIM", settings: late), sum: 149.8295, mean: 0.1951)
    let open = joined(late, ["set_alpha_to_one": .boolean(false)])
    try check(.init(className: "DDIM", settings: open), sum: 149.0784, mean: 0.1941)
    try check(.init(className: "DDIM", noisedAt: 8), sum: 354.5418, mean: 0.4616)
  }

  @Test("PNDM")
  func pndm() throws {
    let late: Settings = ["beta_start": .number(0.01)]
    try check(.init(className: "PNDM"), sum: 198.1318, mean: 0.2580)
    try check(.init(className: "PNDM", settings: velocity), sum: 67.3986, mean: 0.0878)
    let closed = joined(late, ["set_alpha_to_one": .boolean(true)])
    try check(.init(className: "PNDM", settings: closed), sum: 230.0399, mean: 0.2995)
    try check(.init(className: "PNDM", settings: late), sum: 186.9482, mean: 0.2434)
  }

  @Test("Multistep DPM-Solver++")
  func dpmSolverMultistep() throws {
    let base: Settings = ["lower_order_final": .boolean(false), "final_sigmas_type": .string("sigma_min")]
    let name = "DPMSolverMultistep"
    let threshold: Settings = [
      "thresholding": .boolean(true), "dynamic_thresholding_ratio": .number(0.87), "sample_max_value": .number(0.5),
    ]
    try check(.init(className: name, settings: base), mean: 0.3301)
    try check(.init(className: name, settings: joined(base, threshold)), mean: 1.1364)
    try check(.init(className: name, settings: joined(base, velocity)), mean: 0.2251)
    try check(.init(className: name, settings: joined(base, velocity, karras)), mean: 0.2096)
    let lu: Settings = ["use_lu_lambdas": .boolean(true)]
    try check(.init(className: name, settings: joined(base, velocity, lu)), mean: 0.1554)
    try check(.init(className: name, settings: base, noisedAt: 5), sum: 318.4111, mean: 0.4146)
  }

  @Test("Singlestep DPM-Solver++")
  func dpmSolverSinglestep() throws {
    let base: Settings = ["final_sigmas_type": .string("sigma_min")]
    let name = "DPMSolverSinglestep"
    try check(.init(className: name, settings: base), mean: 0.2791)
    try check(.init(className: name, settings: base, steps: 50, skipped: 3), mean: 0.2574)
    try check(.init(className: name, settings: joined(base, karras)), mean: 0.2248)
    try check(.init(className: name, settings: joined(base, velocity)), mean: 0.1453)
    try check(.init(className: name, settings: joined(base, velocity, karras)), mean: 0.0649)
    try check(.init(className: name, settings: base, noisedAt: 5), sum: 269.2187, mean: 0.3505)
  }

  @Test("UniPC, of images and of signals")
  func uniPC() throws {
    let base: Settings = ["final_sigmas_type": .string("sigma_min")]
    let name = "UniPCMultistep"
    try check(.init(className: name, settings: base), mean: 0.2464)
    try check(.init(className: name, settings: joined(base, karras)), mean: 0.2925)
    try check(.init(className: name, settings: joined(base, velocity)), mean: 0.1014)
    try check(.init(className: name, settings: joined(base, velocity, karras)), mean: 0.1966)
    try check(.init(className: name, settings: base, noisedAt: 8), sum: 315.5757, mean: 0.4109)
    let signals = [4, 3, 8]
    try check(.init(className: name, settings: base, shape: signals), mean: 0.2441)
    try check(.init(className: name, settings: joined(base, karras), shape: signals), mean: 0.2898)
    try check(.init(className: name, settings: joined(base, velocity), shape: signals), mean: 0.1014)
    try check(.init(className: name, settings: joined(base, velocity, karras), shape: signals), mean: 0.1944)
    try check(.init(className: name, settings: base, noisedAt: 8, shape: signals), sum: 39.0870, mean: 0.4072)
  }

  @Test("DEIS")
  func deis() throws {
    try check(.init(className: "DEISMultistep"), mean: 0.23916)
    try check(.init(className: "DEISMultistep", settings: velocity), mean: 0.091)
    try check(.init(className: "DEISMultistep", noisedAt: 8), sum: 315.3016, mean: 0.41054)
  }

  private let longer: Settings = [
    "num_train_timesteps": .number(1100), "beta_start": .number(0.0001), "beta_end": .number(0.02),
  ]

  @Test("Euler")
  func euler() throws {
    let name = "EulerDiscrete"
    try check(.init(className: name, settings: longer, overwritesState: true), sum: 10.0807, mean: 0.0131)
    try check(
      .init(className: name, settings: joined(longer, velocity), overwritesState: true), sum: 0.0002, mean: 2.2676e-6)
    try check(
      .init(className: name, settings: joined(longer, karras), overwritesState: true), sum: 124.52299, mean: 0.16214)
    try check(
      .init(className: name, settings: longer, noisedAt: 8, overwritesState: true), sum: 57062.9297, mean: 74.3007)
  }

  @Test("Euler ancestral, with PyTorch's noise")
  func eulerAncestral() throws {
    let name = "EulerAncestralDiscrete"
    try check(.init(className: name, settings: longer, overwritesState: true), sum: 152.3192, mean: 0.1983)
    try check(
      .init(className: name, settings: joined(longer, velocity), overwritesState: true), sum: 108.4439, mean: 0.1412)
    try check(
      .init(className: name, settings: longer, noisedAt: 8, overwritesState: true), sum: 56163.0508, mean: 73.1290)
  }

  @Test("Heun")
  func heun() throws {
    let name = "HeunDiscrete"
    try check(.init(className: name, settings: longer, overwritesState: true), sum: 0.1233, mean: 0.0002)
    try check(
      .init(className: name, settings: joined(longer, velocity), overwritesState: true), sum: 4.6934e-7,
      mean: 6.1112e-10)
    try check(
      .init(className: name, settings: joined(longer, karras), overwritesState: true), sum: 0.00015, mean: 1.99e-7)
    try check(
      .init(className: name, settings: longer, noisedAt: 8, overwritesState: true), sum: 75074.8906, mean: 97.7538)
  }

  @Test("LMS")
  func lms() throws {
    let name = "LMSDiscrete"
    try check(.init(className: name, settings: longer, overwritesState: true), sum: 1006.388, mean: 1.31)
    try check(
      .init(className: name, settings: joined(longer, velocity), overwritesState: true), sum: 0.0017, mean: 2.2676e-6)
    try check(
      .init(className: name, settings: joined(longer, karras), overwritesState: true), sum: 3812.9927, mean: 4.9648)
    try check(
      .init(className: name, settings: longer, noisedAt: 8, overwritesState: true), sum: 27663.6895, mean: 36.0204)
  }
}
