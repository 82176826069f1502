import Diffusion
import Models
import Pipelines
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
  package let line: StateLine
  /// The seeds of the samples at its ends.
  let seeds: [Int]
  /// These samples, in bytes as pictures have them.
  let ends: [[UInt8]]
  let shape: ImageShape
  let places: [Double]
  /// The levels, noisiest first.
  let levels: [Level]

  private static let levelCount = 14
  private static let placeCount = 25
  private static let draws = 16

  /// A line from its parts; nil where both ends are the same.
  package init?(seeds: [Int], ends: [[UInt8]], _ shape: ImageShape, places: [Double], levels: [Level]) {
    guard let line = StateLine(throughBytes: ends) else { return nil }
    (self.line, self.seeds, self.ends, self.shape) = (line, seeds, ends, shape)
    (self.places, self.levels) = (places, levels)
  }

  /// Measures it; nil if it was stopped.
  ///
  /// - Throws: `StudyError` where both samples are the same.
  package init?(
    of model: StudiedModel, shouldStop: () -> Bool, _ progress: (_ done: Int, _ total: Int) -> Void
  ) throws {
    let total = Self.levelCount * Self.placeCount * Self.draws
    progress(0, total)
    guard let (seeds, ends) = try Self.ends(of: model, shouldStop: shouldStop) else { return nil }
    let places = LineEquilibria.places(count: Self.placeCount)
    guard let line = StateLine(throughBytes: ends) else {
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
}

extension StateLine {
  /// The line through two samples in bytes; nil where they are the same.
  fileprivate init?(throughBytes ends: [[UInt8]]) {
    let states = ends.map { ImageConversion.values($0).map(Double.init) }
    self.init(through: states[0], states[1])
  }
}
