import Diffusion
import Models
import Pipelines
import Studies
package import SymmetryBreaking
package import Tensors

/// The potential of a model's order parameter along the line between two of its samples, level by level.
package struct ModelLine: Sendable {
  /// What was found at one noise level.
  package struct Level: Sendable {
    let step: Int
    /// The potential at every place.
    let potential: [Double]
    let fixedPlaces: [LineEquilibria.FixedPlace]

    package init(step: Int, potential: [Double], fixedPlaces: [LineEquilibria.FixedPlace]) {
      (self.step, self.potential, self.fixedPlaces) = (step, potential, fixedPlaces)
    }
  }

  /// The line, first sample at 1.
  let line: StateLine
  /// The seeds of the samples at its ends.
  let seeds: [Int]
  /// These samples, in bytes as pictures have them.
  let ends: [[UInt8]]
  let shape: ImageShape
  let places: [Double]
  /// The levels, noisiest first.
  let levels: [Level]

  /// Samples among which the ends are chosen.
  private static let candidates = 8
  private static let levelCount = 14
  private static let placeCount = 25
  private static let draws = 16
  private static let samplerSteps = 30

  /// A line from its parts; nil where both ends are the same.
  package init?(seeds: [Int], ends: [[UInt8]], _ shape: ImageShape, places: [Double], levels: [Level]) {
    let values = ends.map { $0.map { Double($0) / 127.5 - 1 } }
    guard let line = StateLine(through: values[0], values[1]) else { return nil }
    (self.line, self.seeds, self.ends, self.shape) = (line, seeds, ends, shape)
    (self.places, self.levels) = (places, levels)
  }

  /// Measures it; nil if it was stopped.
  ///
  /// - Throws: `StudyError` where both samples are the same.
  init?(of model: StudiedModel, shouldStop: () -> Bool, _ progress: (_ done: Int, _ total: Int) -> Void) throws {
    let total = Self.levelCount * Self.placeCount * Self.draws
    progress(0, total)
    guard let (seeds, ends) = try Self.ends(of: model, shouldStop: shouldStop) else { return nil }
    let places = LineEquilibria.places(count: Self.placeCount)
    guard let line = ModelLine(seeds: seeds, ends: ends, model.shape, places: places, levels: [])?.line else {
      throw StudyError.missing("\(model.model.name): two of its samples are the same")
    }
    var average = OrderParameter.Settings(), done = 0
    (average.draws, average.batch) = (Self.draws, model.batch)
    let parameter = OrderParameter(model.denoiser, rowShape: model.rowShape, average, on: model.backend)
    var levels: [Level] = []
    for step in Self.steps(of: model.schedule) {
      var pulled: [Double] = []
      for place in places {
        if shouldStop() { return nil }
        let mean = try parameter.denoisedMean(at: line.state(at: place), model.schedule.level(at: step))
        pulled.append(line.place(of: mean))
        done += Self.draws
        progress(done, total)
      }
      let found = LineEquilibria(places: places, pulled: pulled)
      levels.append(Level(step: step, potential: found.potential, fixedPlaces: found.fixedPlaces))
    }
    self.init(seeds: seeds, ends: ends, model.shape, places: places, levels: levels)
  }

  /// Evenly spaced training steps between nearly all and nearly nothing of the noise, falling.
  private static func steps(of schedule: NoiseSchedule) -> [Int] {
    (0..<levelCount).map { place in
      max(1, Int((0.95 - 0.9 * Double(place) / Double(levelCount - 1)) * Double(schedule.count)))
    }
  }

  private static func ends(
    of model: StudiedModel, shouldStop: () -> Bool
  ) throws -> (seeds: [Int], ends: [[UInt8]])? {
    var settings = SamplingSettings(seeds: (0..<UInt64(candidates)).map { $0 }), values: [Float] = []
    (settings.sampler, settings.steps, settings.classLabel) = (.named(.ddim), samplerSteps, model.classLabel)
    let pipeline = try SamplingPipeline(model.model, settings, on: model.backend)
    let summary = try pipeline.run(shouldStop: shouldStop) { values += $0.values }
    guard !summary.wasStopped else { return nil }
    let size = model.shape.count
    let samples = (0..<candidates).map { ImageConversion.bytes(values[$0 * size..<($0 + 1) * size]) }
    let states = samples.map { $0.map { Double($0) / 127.5 - 1 } }
    let mean = states[0].indices.map { index in states.reduce(0) { $0 + $1[index] } / Double(candidates) }
    // Far apart, and the samples' mean not far from halfway between.
    func score(_ pair: [Int]) -> Double {
      guard let line = StateLine(through: states[pair[0]], states[pair[1]]) else { return 0 }
      let place = line.place(of: mean)
      return line.half.reduce(0) { $0 + $1 * $1 } * (1 - place * place)
    }
    // Those farthest from the mean are often those that went wrong.
    let typical = states.indices.sorted { squaredDistance(states[$0], mean) < squaredDistance(states[$1], mean) }
      .prefix(candidates * 3 / 4).sorted()
    let pairs = typical.flatMap { second in typical.filter { $0 < second }.map { [$0, second] } }
    let seeds = pairs.max { score($0) < score($1) } ?? [0, 1]
    return (seeds, seeds.map { samples[$0] })
  }
}

private func squaredDistance(_ a: [Double], _ b: [Double]) -> Double {
  zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
}
