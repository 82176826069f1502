import ComputeCPU
import Diffusion
import Evaluation
import Files
import Foundation
import HostMath
import Models
import Pretrained
import Studies
import SymmetryBreaking
import Tensors
import TestSupport
import Testing

@Suite("The analysis of a model's dynamics and potential")
struct DynamicsAnalysisTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func twoPoints() throws -> StudiedModel {
    try StudiedModel(ExactWorld(name: "two points", .mixture(.twoPoints)), on: CPUBackend())
  }

  private func store(_ model: StudiedModel, _ name: String = "study") throws -> CellStore {
    try CellStore(folder.path(name), StudyIdentity("analyze dynamics", model.facts()))
  }

  private func sides(_ samples: Tensor) throws -> [Int] { try samples.values().map { $0 > 0 ? 1 : 0 } }

  /// `phi = 1/2 + 1/2 E tanh^2(theta x / sigma^2)` over the data's states, by the trapezoid rule.
  private func phi(_ level: NoiseLevel) -> Double {
    let (theta, noise) = (level.alpha, level.sigma * level.sigma)
    return (-4000...4000).reduce(0) { sum, place in
      let z = Double(place) / 500, x = theta + level.sigma * z, slope = tanh(theta * x / noise)
      return sum + (0.5 + slope * slope / 2) * exp(-z * z / 2) / (500 * (2 * Double.pi).squareRoot())
    }
  }

  @Test("Clones and U-turns of two points agree with the quadrature within four standard errors, and with each other")
  func phiOfTwoPoints() throws {
    let model = try twoPoints()
    var settings = DynamicsAnalysis.Settings(steps: [600, 350, 250, 150, 50])
    (settings.count, settings.lossImages) = (1000, 1000)
    let analysis = try DynamicsAnalysis(model, settings, in: store(model)) { try sides($0) }
    let findings = try #require(try analysis.run())
    for row in findings.agreements {
      let expected = phi(model.schedule.level(at: row.step)), error = (expected * (1 - expected) / 1000).squareRoot()
      // A chain of 55 steps is off by up to a hundredth itself.
      #expect(abs(row.clone.share - expected) < 4 * error + 0.01, "\(row.step): \(row.clone.share), not \(expected)")
      #expect(abs(row.turn.share - expected) < 4 * error + 0.01, "\(row.step): \(row.turn.share), not \(expected)")
    }
    // Wilson's interval of the last step, where nearly all agree.
    let last = try #require(findings.json["steps"]?.array?.last?["phi"]), share = try #require(last["share"]?.double)
    for end in ["lower", "upper"] {
      let bound = try #require(last[end]?.double)
      #expect(abs(abs(share - bound) - 1.96 * (bound * (1 - bound) / 1000).squareRoot()) < 1e-9)
    }
    let crossing = try #require(findings.crossing), interval = try #require(crossing.interval)
    #expect(interval.contains(crossing.step) && (150...350).contains(crossing.step))
    #expect(findings.largestRise < 3)
    #expect(findings.decisions.count == 1000 && findings.decided.last == findings.decided.max())
    // I-MMSE: from pure noise down to the points the entropy of a fair choice is log 2; one draw's integral deviates by 1.58.
    let entropy = try #require(findings.entropy?.entropies.last)
    #expect(abs(entropy - log(2)) < 4 * 1.58 / 1000.squareRoot(), "\(entropy)")
  }

  @Test("A study that is stopped goes on with the same findings, and a classifier of other images is refused")
  func resumes() throws {
    let model = try twoPoints()
    var settings = DynamicsAnalysis.Settings(steps: [300, 100])
    (settings.count, settings.lossImages, settings.samplerSteps) = (120, 20, 10)
    func run(_ name: String, stop: @escaping () -> Bool = { false }) throws -> DynamicsFindings? {
      try DynamicsAnalysis(model, settings, in: store(model, name)) { try sides($0) }.run(shouldStop: stop)
    }
    let whole = try #require(try run("whole"))
    var stops = 0, found: DynamicsFindings?
    while found == nil, stops < 200 {
      var asked = 0
      found = try run("parts") {
        asked += 1
        return asked > 20 + 5 * stops
      }
      stops += found == nil ? 1 : 0
    }
    #expect(stops > 1 && found == whole && found?.json == whole.json)
    let classifier = try ClassifierModel.found("mnist-classifier")
    #expect(throws: ModelError.self) {
      try DynamicsAnalysis(model, classifier: classifier, settings, in: store(model, "other"))
    }
  }

  /// Half the sum of `log(1 + g l)` is the information of a Gaussian; the losses are of 2,000 images.
  @Test("A Gaussian's data collapse where its states tell as much as the name of one of so many images")
  func collapse() throws {
    let variances = [20.0, 5, 1]
    let moments = Moments(
      count: 100, mean: [0, 0, 0], basis: [1, 0, 0, 0, 1, 0, 0, 0, 1], eigenvalues: variances, remainder: 0)
    let statistics = ImageStatistics(shape: ImageShape(channels: 1, height: 1, width: 3), moments: moments)
    let model = try StudiedModel(ExactWorld(name: "a Gaussian", .gaussian(statistics)), on: CPUBackend())
    var settings = DynamicsAnalysis.Settings(steps: [900, 100])
    (settings.count, settings.lossImages, settings.dataCount) = (2000, 2000, 100)
    let findings = try #require(
      try DynamicsAnalysis(model, settings, in: store(model)) { images in
        let values = try images.values()
        return (0..<images.rows).map { values[3 * $0] > 0 ? 1 : 0 }
      }.run())
    let collapse = try #require(findings.collapse)
    let expected = try #require(
      (0...999).first { step in
        let signal = model.schedule.level(at: step).signalToNoise
        return variances.reduce(0) { $0 + log1p(signal * $1) / 2 } < log(100)
      })
    #expect(collapse.images == 100 && abs(collapse.step - expected) < 8, "\(collapse.step), not \(expected)")
    #expect(findings.json["collapse"]?.int == collapse.step && findings.text.contains("collapse at step"))
  }

  @Test("The potential between two samples of two points is the closed form's, whatever the arc")
  func potential() throws {
    let model = try twoPoints()
    var settings = PotentialAnalysis.Settings(steps: [400, 250, 150])
    settings.pairs = 3
    let store = try store(model), findings = try #require(try PotentialAnalysis(model, settings, in: store).run())
    let exact = TwoPointModel()
    for (place, curve) in findings.curves.enumerated() {
      let theta = model.schedule.level(at: curve.step).alpha
      for (pair, found) in curve.pairs.enumerated() {
        let file = try #require(
          try FileManager.default.contentsOfDirectory(atPath: folder.path("study/cells")).first {
            $0.hasPrefix("runs-\(pair).") && $0.hasSuffix(".npy")
          })
        let states = try NumpyArray(contentsOf: folder.path("study/cells/\(file)")).floats.map(Double.init)
        let (first, second) = (states[2 * place], states[2 * place + 1])
        for (angle, value) in zip(findings.angles, found) {
          let x = cos(angle) * first + sin(angle) * second
          let expected = exact.potential(x, theta: theta) - exact.potential(first, theta: theta)
          #expect(abs(value - expected) < 2e-3, "step \(curve.step), pair \(pair), angle \(angle)")
        }
        // Of the Gaussian with mean 0 and variance 1 the score is -x.
        for (angle, value) in zip(findings.angles, try #require(curve.gaussian)[pair]) {
          let x = cos(angle) * first + sin(angle) * second
          #expect(abs(value - (x * x - first * first) / 4) < 2e-3, "step \(curve.step), pair \(pair), angle \(angle)")
        }
      }
    }
    #expect(findings.excesses?.count == 3 && findings.json["steps"]?.array?.first?["excess"]?.double != nil)
    #expect(try PotentialAnalysis(model, settings, in: store).run(shouldStop: { true }) == findings)
  }
}
