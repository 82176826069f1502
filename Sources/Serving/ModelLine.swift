import Diffusion
import Files
import Foundation
import Models
import Pipelines
import Studies
import SymmetryBreaking
import Tensors

/// The potential of a model's order parameter along the line between two of its samples, level by level.
struct ModelLine: Sendable {
  /// The line, first sample at 1.
  let line: StateLine
  /// The document of the page.
  let json: JSONValue

  /// Samples at the ends of the line.
  private static let seeds: [UInt64] = [0, 1]
  private static let levels = 14
  private static let places = 25
  private static let draws = 16
  private static let samplerSteps = 30

  /// Measures it; nil if it was stopped.
  ///
  /// - Throws: `StudyError` where both samples are the same.
  init?(of model: StudiedModel, shouldStop: () -> Bool, _ progress: (_ done: Int, _ total: Int) -> Void) throws {
    let total = Self.levels * Self.places * Self.draws + Self.seeds.count * Self.samplerSteps
    var done = 0
    progress(0, total)
    guard let samples = try Self.samples(of: model, shouldStop: shouldStop) else { return nil }
    done += Self.seeds.count * Self.samplerSteps
    let ends = samples.map { $0.map(Double.init) }
    guard let line = StateLine(through: ends[0], ends[1]) else {
      throw StudyError.missing("\(model.model.name): two of its samples are the same")
    }
    var average = OrderParameter.Settings()
    (average.draws, average.batch) = (Self.draws, model.batch)
    let parameter = OrderParameter(model.denoiser, rowShape: model.rowShape, average, on: model.backend)
    let places = LineEquilibria.places(count: Self.places)
    var found: [(step: Int, LineEquilibria)] = []
    for step in Self.steps(of: model.schedule) {
      var pulled: [Double] = []
      for place in places {
        if shouldStop() { return nil }
        let mean = try parameter.denoisedMean(at: line.state(at: place), model.schedule.level(at: step))
        pulled.append(line.place(of: mean))
        done += Self.draws
        progress(done, total)
      }
      found.append((step, LineEquilibria(places: places, pulled: pulled)))
    }
    self.line = line
    json = .object([
      "seeds": JSONValue(Self.seeds.map { Double($0) }), "places": JSONValue(places),
      "pictures": .array(try samples.map { .string(try Self.picture(of: $0, model.shape)) }),
      "levels": .array(
        found.map { .object(["step": .number(Double($0.step)), "potential": JSONValue($0.1.potential)]) }),
      "branches": .array(found.flatMap { step, equilibria in equilibria.fixedPlaces.map { Self.branch(step, $0) } }),
    ])
  }

  /// Evenly spaced training steps between nearly nothing and nearly all of the noise, falling.
  private static func steps(of schedule: NoiseSchedule) -> [Int] {
    (0..<levels).map { place in
      max(1, Int((0.95 - 0.9 * Double(place) / Double(levels - 1)) * Double(schedule.count)))
    }
  }

  private static func samples(of model: StudiedModel, shouldStop: () -> Bool) throws -> [[Float]]? {
    var settings = SamplingSettings(seeds: seeds), values: [Float] = []
    (settings.sampler, settings.steps, settings.classLabel) = (.named(.ddim), samplerSteps, model.classLabel)
    let pipeline = try SamplingPipeline(model.model, settings, on: model.backend)
    let summary = try pipeline.run(shouldStop: shouldStop) { values += $0.values }
    guard !summary.wasStopped else { return nil }
    let size = model.shape.count
    return seeds.indices.map { Array(values[$0 * size..<($0 + 1) * size]) }
  }

  private static func picture(of sample: [Float], _ shape: ImageShape) throws -> String {
    let bytes = ImageConversion.pictureBytes(sample, shape)
    return Data(try ImageConversion.picture(bytes, ImageConversion.pictureShape(shape)).encoded()).base64EncodedString()
  }

  private static func branch(_ step: Int, _ fixed: LineEquilibria.FixedPlace) -> JSONValue {
    .object([
      "step": .number(Double(step)), "place": .number(fixed.place), "stable": .boolean(fixed.isStable),
    ])
  }
}
