import DiffusersFormat
import Files
import Conformance
import Diffusion
import Tensors
import Testing

@Suite("Grids of steps")
struct SamplingGridTests {
  private func scheduler(
    _ name: String, _ settings: [String: JSONValue] = [:]
  ) throws -> Scheduler {
    try Scheduler(SchedulerConfiguration(settings.merging(["_class_name": .string(name + "Scheduler")]) { $1 }))
  }

  private func timesteps(_ plan: SamplingPlan) -> [Double] { plan.steps.map(\.from.timestep) }

  /// Evaluations of a whole run from a plan.
  private func evaluations(_ scheduler: Scheduler, _ plan: SamplingPlan) throws -> Int {
    let backend = ReferenceBackend()
    let x = Tensor([0.5, -1, 0.25, 2], shape: [1, 1, 2, 2], on: backend)
    var run = try SamplingRun(
      plan, sampler: scheduler.sampler,
      denoiser: ClosedFormDenoiser(trainingSteps: scheduler.schedule.count, type: scheduler.parametrization),
      noise: SeededNoise(seeds: [3], sampleShape: [1, 2, 2], on: backend), from: x)
    let result = try run.finish().values()
    #expect(result.allSatisfy({ $0.isFinite }))
    return run.evaluations
  }

  static let everyClass = [
    "DDPM", "DDIM", "PNDM", "DPMSolverMultistep", "DPMSolverSinglestep", "UniPCMultistep", "DEISMultistep",
    "HeunDiscrete", "EulerDiscrete", "EulerAncestralDiscrete", "LMSDiscrete",
  ]

  @Test(
    "A late start of the discrete samplers visits the paper's grid and ends clean", arguments: ["DDPM", "DDIM", "PNDM"])
  func paperGrid(name: String) throws {
    let plan = try scheduler(name).plan(steps: 5, startingAt: 402)
    #expect(timesteps(plan) == [402, 301, 201, 100, 0])
    #expect(plan.steps.map(\.to.timestep) == [301, 201, 100, 0, 0])
    #expect(plan.steps.last?.to.sigma == 0)
    #expect(plan.initialScale == 1 && plan.finalScale == 1)
    #expect(timesteps(try scheduler(name).plan(steps: 1, startingAt: 402)) == [402])
  }

  @Test("Every sampler starts late at exactly the level asked for, goes down and ends", arguments: everyClass)
  func lateStart(name: String) throws {
    for spacing in ["linspace", "leading", "trailing"] {
      let scheduler = try scheduler(name, ["timestep_spacing": .string(spacing)])
      for (steps, top) in [(1, 999), (3, 1), (5, 400), (10, 500), (25, 999)] where steps <= top + 1 {
        guard let plan = try? scheduler.plan(steps: steps, startingAt: top) else {
          // The exclusive grids have no room for as many steps as training steps.
          #expect(steps >= top)
          continue
        }
        #expect(plan.steps.count == steps)
        #expect(plan.start.timestep == Double(top))
        #expect(abs(plan.start.alpha - scheduler.schedule.level(at: top).alpha) < 1e-7)
        #expect(zip(plan.steps, plan.steps.dropFirst()).allSatisfy { $0.from.sigma > $1.from.sigma })
        #expect(zip(plan.steps, plan.steps.dropFirst()).allSatisfy { $0.to == $1.from })
      }
    }
  }

  @Test(
    "Karras and the other shapes spread a late start between its level and their end",
    arguments: [
      "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas",
    ])
  func shapedLateStart(key: String) throws {
    for name in ["DPMSolverMultistep", "EulerDiscrete", "UniPCMultistep"] {
      let scheduler = try scheduler(name, [key: .boolean(true)])
      let plan = try scheduler.plan(steps: 6, startingAt: 500)
      #expect(plan.start.timestep == 500)
      #expect(abs(plan.start.karrasSigma / scheduler.schedule.level(at: 500).karrasSigma - 1) < 1e-6)
      #expect(plan.steps.last?.to.sigma == 0)
      if key == "use_lu_lambdas" && name != "DPMSolverMultistep" { continue }
      #expect(abs((plan.steps.last?.from.karrasSigma ?? 0) / scheduler.schedule.level(at: 0).karrasSigma - 1) < 1e-6)
    }
  }

  @Test("A start outside the schedule, or too many steps for it, is an error")
  func impossibleGrids() throws {
    for name in Self.everyClass {
      let scheduler = try scheduler(name)
      for top in [-5, 0, 1000] {
        #expect(throws: SamplerError.self) { try scheduler.plan(steps: 5, startingAt: top) }
      }
      #expect(throws: SamplerError.self) { try scheduler.plan(steps: 0) }
    }
    let ddim = try scheduler("DDIM")
    let repeated = #expect(throws: SamplerError.self) { try ddim.plan(steps: 5, startingAt: 3) }
    #expect(repeated?.description == "5 steps: a leading grid below training step 3 would visit one of them twice")
    let tooMany = #expect(throws: SamplerError.self) { try ddim.plan(steps: 1001) }
    #expect(tooMany?.description == "1001 steps: the model has only 1000 training steps")
  }

  @Test("Heun takes 2 n - 1 evaluations, multistep samplers n, and the paper's PNDM 19, 14 and 12 for 10, 5 and 3")
  func evaluationsAreCounted() throws {
    let heun = try scheduler("HeunDiscrete")
    #expect(try evaluations(heun, heun.plan(steps: 7)) == 13)
    #expect(try evaluations(heun, heun.plan(steps: 7, startingAt: 300)) == 13)
    let pndm = try scheduler("PNDM")
    for (steps, expected) in [(10, 19), (5, 14), (3, 12)] {
      #expect(try evaluations(pndm, pndm.plan(steps: steps)) == expected)
      #expect(try evaluations(pndm, pndm.plan(steps: steps, startingAt: 600)) == expected)
    }
    let plms = try scheduler("PNDM", ["skip_prk_steps": .boolean(true)])
    #expect(try evaluations(plms, plms.plan(steps: 10)) == 11)
    #expect(try evaluations(plms, plms.plan(steps: 10, startingAt: 600)) == 11)
    for name in Self.everyClass where name != "HeunDiscrete" && name != "PNDM" {
      let scheduler = try scheduler(name)
      #expect(try evaluations(scheduler, scheduler.plan(steps: 6)) == 6, "\(name)")
      #expect(try evaluations(scheduler, scheduler.plan(steps: 6, startingAt: 450)) == 6, "\(name)")
    }
  }

  @Test("DDIM's fixed stride can be corrected to end where the next step begins")
  func correctedSteps() throws {
    let configuration = SchedulerConfiguration([
      "_class_name": .string("DDIMScheduler"), "timestep_spacing": .string("linspace"),
    ])
    let compatible = try Scheduler(configuration).plan(steps: 7)
    let corrected = try Scheduler(configuration, options: .init(usesGridSteps: true)).plan(steps: 7)
    #expect(timesteps(compatible) == timesteps(corrected))
    #expect(zip(compatible.steps, compatible.steps.dropFirst()).contains { $0.to != $1.from })
    #expect(zip(corrected.steps, corrected.steps.dropFirst()).allSatisfy { $0.to == $1.from })
  }

  @Test("DDIM's quadratic steps crowd towards the data")
  func quadraticSteps() throws {
    let scheduler = try scheduler("DDIM", ["timestep_spacing": .string("quadratic")])
    #expect(timesteps(try scheduler.plan(steps: 5)) == [800, 450, 200, 50, 0])
    #expect(timesteps(try scheduler.plan(steps: 5, startingAt: 400)) == [400, 225, 100, 25, 0])
  }

  @Test("Levels lie on the circle alpha^2 + sigma^2 = 1", arguments: everyClass)
  func levelsLieOnTheCircle(name: String) throws {
    for step in try scheduler(name).plan(steps: 20).steps {
      for level in [step.from, step.to] {
        #expect(abs(level.alpha * level.alpha + level.sigma * level.sigma - 1) < 1e-12)
      }
    }
  }
}
