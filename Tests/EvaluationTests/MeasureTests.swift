import Evaluation
import Files
import HostMath
import TestSupport
import Testing

@Suite("Measures of features equal those of torch-fidelity, prdc and scipy")
struct MeasureTests {
  private let samples: [Float]
  private let data: [Float]
  private let expected: JSONValue
  private let dimension = 6

  init() throws {
    func rows(_ name: String) throws -> [Float] {
      try NumpyArray(contentsOf: Fixtures.path("measures/\(name).npy")).floats
    }
    (samples, data) = try (rows("samples"), rows("data"))
    expected = try JSONValue(contentsOf: Fixtures.path("measures/measures.json"))
  }

  private func number(_ name: String) throws -> Double { try #require(expected[name]?.double) }

  private func set(_ rows: [Float]) -> FeatureSet {
    var accumulator = FeatureAccumulator(dimension: dimension, count: rows.count / dimension)
    accumulator.add(rows)
    return accumulator.set()
  }

  private func expectEqual(_ value: Double, _ reference: Double) {
    #expect(abs(value / reference - 1) < 1e-6, "\(value) is not \(reference)")
  }

  @Test("The Frechet distance")
  func frechet() throws {
    expectEqual(set(samples).frechetDistance(to: set(data).moments), try number("frechet_distance"))
  }

  @Test("The kernel distance, of all rows and of the same subsets")
  func kernel() throws {
    let equal = Array(samples[..<data.count])
    expectEqual(kernelDistance(equal, data, dimension: dimension), try number("kernel_distance"))
    let subsets = try #require(expected["subsets"]?.array), distances = expected["subset_kernel_distances"]?.array
    for (subset, distance) in zip(subsets, try #require(distances)) {
      let places = try #require(subset.array).map { $0.array?.compactMap(\.int) ?? [] }
      func rows(_ places: [Int], of values: [Float]) -> [Float] {
        places.flatMap { values[$0 * dimension..<($0 + 1) * dimension] }
      }
      let value = kernelDistance(
        rows(places[0], of: samples), rows(places[1], of: data), dimension: dimension)
      expectEqual(value, try #require(distance.double))
    }
  }

  @Test("Precision, recall, density and coverage")
  func manifold() throws {
    let measures = ManifoldMeasures(samples: samples, data: data, dimension: dimension, neighbours: 3)
    expectEqual(measures.precision, try number("precision"))
    expectEqual(measures.recall, try number("recall"))
    expectEqual(measures.density, try number("density"))
    expectEqual(measures.coverage, try number("coverage"))
  }

  @Test("The Inception Score")
  func inceptionScore() throws {
    let logits = try NumpyArray(contentsOf: Fixtures.path("measures/logits.npy")).floats
    expectEqual(
      Evaluation.inceptionScore(logits: logits, classCount: 4).value, try number("inception_score"))
  }

  @Test("The composition without a classifier's errors")
  func corrected() throws {
    let confusion = try #require(expected["confusion"]?.array).map { $0.array?.compactMap(\.int) ?? [] }
    let observed = try #require(expected["observed"]?.array).compactMap(\.double)
    let corrected = Composition(shares: observed, count: 400).corrected(by: confusion).shares
    for (share, reference) in zip(corrected, try #require(expected["corrected"]?.array).compactMap(\.double)) {
      #expect(abs(share - reference) < 1e-6)
    }
    #expect(abs(corrected.reduce(0, +) - 1) < 1e-12)
  }

  @Test("Measures of the whole are the parts of one value, with intervals that hold them")
  func whole() throws {
    let reference = FeatureReference(set(data), by: .init(name: "none", sha256: "0"))
    let settings = MeasureSettings(
      measures: Set(Measure.allCases), bootstrap: Bootstrap(replicates: 40), subsetSize: 30)
    let measures = try SampleMeasures(set(samples), to: reference, settings, path: "samples")
    expectEqual(try #require(measures.frechet).value, try number("frechet_distance"))
    let manifold = try #require(measures.manifold)
    expectEqual(manifold.density.value, try number("density"))
    let estimates = try [
      #require(measures.frechet), #require(measures.kernel).estimate, manifold.precision, manifold.recall,
      manifold.density, manifold.coverage,
    ]
    for estimate in estimates {
      let interval = try #require(estimate.interval)
      #expect(interval.contains(estimate.value) && interval.upperBound > interval.lowerBound)
    }
    let json = measures.members
    #expect(json["feature_frechet_distance_interval"]?["upper"]?.double == measures.frechet?.interval?.upperBound)
  }

  @Test("Without a bootstrap the values are the same, and there are no intervals")
  func plain() throws {
    let reference = FeatureReference(set(data), by: .init(name: "none", sha256: "0"))
    let settings = MeasureSettings(measures: [.frechet, .kernel, .manifold], bootstrap: nil)
    let measures = try SampleMeasures(set(samples), to: reference, settings, path: "samples")
    expectEqual(try #require(measures.frechet).value, try number("frechet_distance"))
    expectEqual(try #require(measures.manifold).recall.value, try number("recall"))
    #expect(measures.frechet?.interval == nil && measures.kernel?.estimate.interval == nil)
    #expect(measures.manifold?.coverage.interval == nil)
  }

  @Test("Sets that cannot be measured are errors that say why")
  func misfits() throws {
    let own = set(samples), extractor = FeatureReference.Extractor(name: "own", sha256: "00")
    let bare = FeatureReference(extractor: extractor, count: 60, moments: set(data).moments)
    func error(_ set: FeatureSet, _ settings: MeasureSettings) -> EvaluationError? {
      #expect(throws: EvaluationError.self) {
        try SampleMeasures(set, to: bare, settings, path: "x")
      }
    }
    let settings = MeasureSettings(measures: [.kernel])
    #expect(error(own, settings) == .noReferenceRows(measure: .kernel, count: 0, needed: 2))
    var narrow = FeatureAccumulator(dimension: 3, count: 2)
    narrow.add([1, 2, 3, 2, 1, 1])
    #expect(error(narrow.set(), .init()) == .otherFeatures(path: "x", dimension: 3, expected: 6))
    let few = set(Array(samples[..<(5 * dimension)]))
    #expect(error(few, .init(measures: [.manifold])) == .tooFewImages(path: "x", count: 5, needed: 8))
    let other = FeatureReference.Extractor(name: "own", sha256: "11")
    #expect(throws: EvaluationError.otherExtractor(path: "r", own: extractor, expected: other)) {
      try bare.check(other, path: "r")
    }
    try bare.check(extractor, path: "r")
  }
}
