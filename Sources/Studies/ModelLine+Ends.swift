import Diffusion
import Models
import Pipelines
import SymmetryBreaking
import Tensors

extension ModelLine {
  /// Samples among which the ends are chosen.
  private static let candidates = 8
  private static let samplerSteps = 30

  /// Two samples that lie far apart and have the mean between them, with their seeds; nil if it was stopped.
  static func ends(
    of model: StudiedModel, shouldStop: () -> Bool
  ) throws -> (seeds: [Int], ends: [[UInt8]])? {
    var settings = SamplingSettings(seeds: (0..<UInt64(candidates)).map { $0 }), values: [Float] = []
    (settings.sampler, settings.steps, settings.classLabel) = (.named(.ddim), samplerSteps, model.classLabel)
    let pipeline = try SamplingPipeline(model.model, settings, on: model.backend)
    let summary = try pipeline.run(shouldStop: shouldStop) { values += $0.values }
    guard !summary.wasStopped else { return nil }
    let size = model.shape.count
    let samples = (0..<candidates).map { ImageConversion.bytes(values[$0 * size..<($0 + 1) * size]) }
    let seeds = farthest(samples.map { ImageConversion.values($0).map(Double.init) })
    return (seeds, seeds.map { samples[$0] })
  }

  /// The places of the two.
  private static func farthest(_ states: [[Double]]) -> [Int] {
    let count = Double(states.count)
    let mean = states[0].indices.map { index in states.reduce(0) { $0 + $1[index] } / count }
    func score(_ pair: [Int]) -> Double {
      guard let line = StateLine(through: states[pair[0]], states[pair[1]]) else { return 0 }
      let place = line.place(of: mean)
      return line.squaredLength * (1 - place * place)
    }
    // Those farthest from the mean are often those that went wrong.
    let typical = states.indices.sorted { squaredDistance(states[$0], mean) < squaredDistance(states[$1], mean) }
      .prefix(states.count * 3 / 4).sorted()
    let pairs = typical.flatMap { second in typical.filter { $0 < second }.map { [$0, second] } }
    return pairs.max { score($0) < score($1) } ?? [0, 1]
  }
}
