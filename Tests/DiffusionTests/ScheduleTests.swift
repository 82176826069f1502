import Diffusion
import Foundation
import Testing

@Suite("Schedules and grids by name")
struct ScheduleTests {
  @Test("Named schedules fall from almost clean to almost noise")
  func named() {
    let schedules: [NoiseSchedule] = [.linear(), .scaledLinear(), .cosine(), .sigmoid(), .edm()]
    for schedule in schedules {
      #expect(schedule.count == 1000)
      #expect(zip(schedule.alphaBars, schedule.alphaBars.dropFirst()).allSatisfy { $0 > $1 })
      #expect(schedule.level(at: 0).alpha > 0.99 && schedule.level(at: 999).alpha < 0.1)
    }
  }

  @Test("EDM's levels are those of Karras' equation 5, in 64 bits")
  func edm() {
    let schedule = NoiseSchedule.edm(count: 18)
    #expect(abs(schedule.level(at: 0).karrasSigma / 0.002 - 1) < 1e-12)
    #expect(abs(schedule.level(at: 17).karrasSigma / 80 - 1) < 1e-12)
    let middle = pow((pow(80, 1 / 7.0) + 7 / 17.0 * (pow(0.002, 1 / 7.0) - pow(80, 1 / 7.0))), 7)
    #expect(abs(schedule.level(at: 10).karrasSigma / middle - 1) < 1e-12)
    #expect(abs(schedule.timestep(atKarrasSigma: middle) - 10) < 1e-9)
  }

  @Test("Sigma grids go from one end to the other, evenly by their own measure")
  func sigmaGrids() throws {
    let schedule = NoiseSchedule.edm()
    func sigmas(_ grid: SigmaGrid) throws -> [Double] {
      try Scheduler(sampler: EulerSampler(), schedule: schedule, grid: grid).plan(steps: 5).steps.map(
        \.from.karrasSigma)
    }
    func differences(_ values: [Double]) -> [Double] { zip(values, values.dropFirst()).map { $1 - $0 } }
    let measures: [(SigmaGrid, (Double) -> Double)] = [
      (.karras(rho: 3, sigmaMin: 0.1, sigmaMax: 10), { pow($0, 1 / 3.0) }),
      (.exponential(sigmaMin: 0.1, sigmaMax: 10), { log($0) }),
      (.uniformLambda(sigmaMin: 0.1, sigmaMax: 10), { NoiseLevel(karrasSigma: $0, timestep: 0).lambda }),
    ]
    for (grid, measure) in measures {
      let found = try sigmas(grid)
      #expect(abs(found[0] - 10) < 1e-9 && abs(found[4] - 0.1) < 1e-9)
      let steps = differences(found.map(measure))
      #expect(steps.allSatisfy { abs($0 / steps[0] - 1) < 1e-9 })
    }
    let beta = try sigmas(.beta())
    #expect(abs(beta[0] / 80 - 1) < 1e-12 && abs(beta[4] / 0.002 - 1) < 1e-9)
    #expect(abs(beta[2] - 40.001) < 1e-6)
  }

  @Test("A late start on a sigma grid begins at its level, and impossible sigmas are errors")
  func sigmaGridEnds() throws {
    let scheduler = Scheduler(sampler: HeunSampler(), schedule: .linear(), grid: .karras())
    let plan = try scheduler.plan(steps: 6, startingAt: 500)
    #expect(plan.start == scheduler.schedule.level(at: 500))
    #expect(plan.steps.last?.to == .clean)
    #expect(throws: SamplerError.start(timestep: 1000, last: 999)) { try scheduler.plan(steps: 5, startingAt: 1000) }
    #expect(throws: SamplerError.self) { try scheduler.plan(steps: 0) }
    let inverted = Scheduler(sampler: HeunSampler(), schedule: .linear(), grid: .karras(sigmaMin: 5, sigmaMax: 2))
    #expect(throws: SamplerError.self) { try inverted.plan(steps: 5) }
  }

  @Test("A process without signal at its end is refused by name, or its last level is made finite")
  func zeroSignal() throws {
    let schedule = NoiseSchedule(.linear(from: 0.0001, to: 0.02), count: 1000, rescalesToZeroSignal: true)
    let process = TrainedProcess(schedule: schedule, predictionType: .velocity)
    #expect(throws: SamplerError.noSignal(.lms)) { try SamplerName.lms.scheduler(for: process) }
    #expect(try SamplerName.ddpm.scheduler(for: process).schedule.alphaBars[999] == 0)
    #expect(try SamplerName.euler.scheduler(for: process).schedule.alphaBars[999] == 0x1p-24)
    #expect(try SamplerName.euler.scheduler(for: process).parametrization == .predicts(.velocity))
    #expect(throws: SamplerError.self) { try SamplerName.heun.scheduler(options: .init(eta: 0.5)) }
  }
}
