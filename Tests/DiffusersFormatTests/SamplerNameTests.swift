import Diffusion
import DiffusersFormat
import Files
import Foundation
import Testing

@Suite("Samplers by name, from types and from diffusers' files")
struct SamplerNameTests {
  @Test("Both ways make the same sampler and the same levels", arguments: SamplerName.allCases)
  func bothWays(name: SamplerName) throws {
    let model = SchedulerConfiguration([
      "_class_name": .string(name == .ddpm ? "DDIMScheduler" : "DDPMScheduler"), "clip_sample": .boolean(false),
      "beta_schedule": .string("squaredcos_cap_v2"), "num_train_timesteps": .number(600),
    ])
    let configured = try Scheduler(name.configuration(for: model))
    let typed = try name.scheduler(for: TrainedProcess(schedule: .cosine(count: 600)))
    #expect("\(typed.sampler)" == "\(configured.sampler)")
    #expect(typed.schedule == configured.schedule)
    for start in [nil, 400] as [Int?] {
      let plans = try [typed, configured].map { scheduler in
        try start.map { try scheduler.plan(steps: 20, startingAt: $0) } ?? scheduler.plan(steps: 20)
      }
      for (own, theirs) in zip(plans[0].steps, plans[1].steps) {
        // diffusers keeps its tables in 32 bits.
        #expect(abs(own.from.sigma - theirs.from.sigma) < 1e-6 && abs(own.to.sigma - theirs.to.sigma) < 1e-6)
        #expect(abs(own.from.timestep - theirs.from.timestep) < 1e-3 && own.order == theirs.order)
        #expect(own.inner == theirs.inner)
      }
    }
  }

  @Test("A configuration is coded as JSON has it")
  func coding() throws {
    let configuration = SchedulerConfiguration.ddpm
    let data = try JSONEncoder().encode(configuration)
    #expect(try JSONDecoder().decode(SchedulerConfiguration.self, from: data) == configuration)
    let json = try JSONEncoder().encode(configuration.json)
    #expect(
      try SchedulerConfiguration(
        JSONValue(String(decoding: json, as: UTF8.self), path: "x"), path: configuration.source) == configuration)
  }

  @Test("Rescaled tables that are no schedule are an error of the file")
  func brokenTables() throws {
    let single = SchedulerConfiguration([
      "_class_name": .string("DDIMScheduler"), "num_train_timesteps": .number(1),
      "rescale_betas_zero_snr": .boolean(true),
    ])
    #expect(throws: SchedulerConfigurationError.self) { try Scheduler(single) }
  }
}
