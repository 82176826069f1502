import Compute
import ComputeCPU
import Diffusion
import Foundation
import Tensors
import Testing

@Suite("Late starts")
struct GaussianStartTests {
  private let backend = makeTestBackend()
  private let level = NoiseLevel.angle(0.6)
  private let top = NoiseLevel.angle(1.565)

  private func noise(rows: Int, dimension: Int) -> Tensor {
    .noise([dimension], seeds: (0..<UInt64(rows)).map { $0 }, key: NoiseKey(step: 0), on: backend)
  }

  @Test(
    "20,000 Gaussian starts have the mean and covariance of the noisy data, within five standard errors",
    arguments: [GaussianTestData.complete, .truncated])
  func momentsOfGaussianStarts(data: GaussianTestData) throws {
    let (count, dimension) = (20_000, data.dimension)
    let start = LateStartInitialization.gaussian(data.statistics(on: backend))
    let values = try start.state(from: noise(rows: count, dimension: dimension), at: level, top: top).values()
    let (mean, covariance) = moments(values, dimension: dimension)
    let expected = data.covariance { level.alpha * level.alpha * $0 + level.sigma * level.sigma }
    for i in 0..<dimension {
      let error = (expected[i][i] / Double(count)).squareRoot()
      #expect(abs(mean[i] - level.alpha * data.mean[i]) < 5 * error, "mean \(i)")
      for j in 0...i {
        let product = expected[i][i] * expected[j][j] + expected[i][j] * expected[i][j]
        #expect(
          abs(covariance[i][j] - expected[i][j]) < 5 * (product / Double(count)).squareRoot(), "covariance \(i), \(j)")
      }
    }
  }

  @Test(
    "a Gaussian start is the mean plus the symmetric root of the covariance times the noise",
    arguments: [GaussianTestData.complete, .truncated])
  func symmetricRoot(data: GaussianTestData) throws {
    let statistics = data.statistics(on: backend)
    let root = data.covariance { (level.alpha * level.alpha * $0 + level.sigma * level.sigma).squareRoot() }
    let normals = noise(rows: 7, dimension: data.dimension)
    let (states, z) = (try statistics.gaussianState(from: normals, at: level).values(), try normals.values())
    for row in 0..<7 {
      for i in 0..<data.dimension {
        let expected = (0..<data.dimension).reduce(level.alpha * data.mean[i]) {
          $0 + root[i][$1] * Double(z[row * data.dimension + $1])
        }
        #expect(abs(Double(states[row * data.dimension + i]) - expected) < 2e-5)
      }
    }
  }

  @Test(
    "the flow start is the limit of many DDIM steps with the exact denoiser",
    arguments: [GaussianTestData.complete, .truncated])
  func flowIsTheLimitOfSteps(data: GaussianTestData) throws {
    let statistics = data.statistics(on: backend)
    let normals = noise(rows: 5, dimension: data.dimension)
    let start = LateStartInitialization.flow(statistics).state(from: normals, at: level, top: top)
    let exact = try start.values()
    let errors = try [100, 200, 400].map { steps in
      let values = try deterministicSteps(normals, statistics, from: 1.565, to: 0.6, steps: steps).values()
      return zip(values, exact).map { abs(Double($0 - $1)) }.reduce(0, max)
    }
    // Of first order: half the step, half the error; what is left at the finest belongs to the steps.
    #expect(errors[0] > 1.8 * errors[1] && errors[1] > 1.8 * errors[2])
    #expect(2 * errors[2] - errors[1] < 0.1 * errors[2])
    #expect(errors[2] < 0.05)
  }

  @Test("a flow start followed by sampling lands where sampling from the prior lands")
  func flowKeepsTheSample() throws {
    let data = GaussianTestData.truncated
    let statistics = data.statistics(on: backend)
    let normals = noise(rows: 5, dimension: data.dimension)
    let late = LateStartInitialization.flow(statistics).state(from: normals, at: level, top: top)
    let fromLate = try deterministicSteps(late, statistics, from: 0.6, to: 0.01, steps: 600).values()
    let fromPrior = try deterministicSteps(normals, statistics, from: 1.565, to: 0.01, steps: 1600).values()
    let gaussian = LateStartInitialization.gaussian(statistics).state(from: normals, at: level, top: top)
    let fromGaussian = try deterministicSteps(gaussian, statistics, from: 0.6, to: 0.01, steps: 600).values()
    #expect(zip(fromLate, fromPrior).allSatisfy { abs($0 - $1) < 0.01 })
    let end = try statistics.flowed(normals, from: top, to: .angle(0.01)).values()
    #expect(zip(fromPrior, end).allSatisfy { abs($0 - $1) < 0.01 })
    // At a top level of nearly pure noise both starts differ by the signal that is left there, and by no more.
    #expect(zip(fromGaussian, fromPrior).contains { abs($0 - $1) > 1e-3 })
  }

  @Test(
    "a start by class is each row's own Gaussian start, in the places of the rows",
    arguments: [[5, 2, 5, 0], [2, 2, 2, 2]])
  func startsByClass(labels: [Int]) throws {
    let classes = [0: 0.5, 2: 4, 5: 9].mapValues { variance in
      GaussianStatistics(
        mean: [1, Float(variance), 0], basis: [0, 0.6, 0.8], eigenvalues: [variance], remainder: 0.1, on: backend)
    }
    let images = noise(rows: 4, dimension: 3).reshaped([4, 1, 1, 3])
    let states = LateStartInitialization.classGaussian(classes).state(from: images, at: level, top: top, labels: labels)
    #expect(states.shape == [4, 1, 1, 3])
    let values = try states.values()
    for (row, label) in labels.enumerated() {
      let own = try #require(classes[label]).gaussianState(from: images.selectingRows([row]), at: level)
      #expect(zip(try own.values(), values[row * 3..<row * 3 + 3]).allSatisfy { abs($0 - $1) < 1e-6 })
    }
  }

  @Test("flows compose, and flow back")
  func flowsCompose() throws {
    let statistics = GaussianTestData.complete.statistics(on: backend)
    let normals = noise(rows: 4, dimension: 6)
    let middle = statistics.flowed(normals, from: top, to: .angle(1.1))
    let end = try statistics.flowed(middle, from: .angle(1.1), to: level).values()
    let direct = statistics.flowed(normals, from: top, to: level)
    #expect(zip(end, try direct.values()).allSatisfy { abs($0 - $1) < 1e-5 })
    let back = try statistics.flowed(direct, from: level, to: top).values()
    #expect(zip(back, try normals.values()).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test("a start from noise is the noise as it is")
  func noiseStart() throws {
    let normals = noise(rows: 3, dimension: 6)
    let start = LateStartInitialization.noise.state(from: normals, at: level, top: top)
    #expect(try start.values() == normals.values())
  }

  @Test(
    "starts on the CPU agree with those of the oracle to rounding",
    arguments: [GaussianTestData.complete, .truncated])
  func backendsAgree(data: GaussianTestData) throws {
    let normals = try noise(rows: 300, dimension: data.dimension).values()
    let (first, second) = try (states(normals, data, on: backend), states(normals, data, on: CPUBackend()))
    #expect(zip(first, second).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  /// Gaussian starts, then flow starts, from the same normals.
  private func states(_ normals: [Float], _ data: GaussianTestData, on backend: any Backend) throws -> [Float] {
    let noise = Tensor(normals, shape: [normals.count / data.dimension, data.dimension], on: backend)
    let statistics = data.statistics(on: backend)
    return try [LateStartInitialization.gaussian(statistics), .flow(statistics)].flatMap {
      try $0.state(from: noise, at: level, top: top).values()
    }
  }

  @Test("a start keeps the shape of images, and each sample is its own whatever the batch")
  func shapeAndBatch() throws {
    let statistics = GaussianTestData.truncated.statistics(on: backend)
    let images = noise(rows: 9, dimension: 12).reshaped([9, 3, 2, 2])
    for start in [LateStartInitialization.gaussian(statistics), .flow(statistics)] {
      let batch = start.state(from: images, at: level, top: top)
      #expect(batch.shape == [9, 3, 2, 2])
      let values = try batch.values()
      let alone = Tensor.noise([3, 2, 2], seeds: [4], key: NoiseKey(step: 0), on: backend)
      let single = try start.state(from: alone, at: level, top: top).values()
      #expect(zip(single, values[48..<60]).allSatisfy { abs($0 - $1) < 1e-6 })
    }
  }

  /// DDIM without noise, in steps of equal angle: `x' = alpha' x0 + sigma' eps`.
  private func deterministicSteps(
    _ x: Tensor, _ statistics: GaussianStatistics, from start: Double, to end: Double, steps: Int
  ) -> Tensor {
    let denoiser = GaussianDenoiser(statistics)
    return (0..<steps).reduce(x) { x, step in
      let angles = [step, step + 1].map { start + (end - start) * Double($0) / Double(steps) }
      let prediction = denoiser.prediction(x, at: .angle(angles[0]))
      return .combination([(cos(angles[1]), prediction.denoised), (sin(angles[1]), prediction.noise)])
    }
  }

  /// Mean and covariance of rows, in Double.
  private func moments(_ values: [Float], dimension: Int) -> (mean: [Double], covariance: [[Double]]) {
    let count = values.count / dimension
    var mean = [Double](repeating: 0, count: dimension)
    for (place, value) in values.enumerated() { mean[place % dimension] += Double(value) / Double(count) }
    var covariance = [[Double]](repeating: mean.map { _ in 0 }, count: dimension)
    for row in 0..<count {
      let centred = (0..<dimension).map { Double(values[row * dimension + $0]) - mean[$0] }
      for i in 0..<dimension {
        for j in 0...i { covariance[i][j] += centred[i] * centred[j] / Double(count - 1) }
      }
    }
    return (mean, covariance)
  }
}
