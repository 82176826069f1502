import DiffusersFormat
import Files
import Diffusion
import Testing

@Suite("Configurations of schedulers")
struct SchedulerConfigurationTests {
  private func failure(_ values: [String: JSONValue], _ options: SchedulerOptions = .init()) -> String? {
    do throws(SchedulerConfigurationError) {
      _ = try Scheduler(SchedulerConfiguration(values, source: "s.json"), options: options)
      return nil
    } catch {
      return error.description
    }
  }

  @Test("Missing keys take the defaults of their class")
  func defaults() throws {
    let heun = try Scheduler(SchedulerConfiguration(["_class_name": .string("HeunDiscreteScheduler")]))
    #expect(heun.schedule.alphaBars[0] == 1 - Float(0.00085))
    let ddim = try Scheduler(SchedulerConfiguration(["_class_name": .string("DDIMScheduler"), "beta_start": .null]))
    #expect(ddim.schedule.alphaBars[0] == 1 - Float(0.0001))
    let sampler = try #require(ddim.sampler as? DDIMSampler)
    #expect(sampler.limit == .clip(1) && sampler.eta == 0)
    #expect(ddim.parametrization == .predicts(.epsilon))
  }

  @Test("An error names the file, the key, its value and what is legal")
  func errorsAreClear() {
    let ddpm: [String: JSONValue] = ["_class_name": .string("DDPMScheduler")]
    func with(_ key: String, _ value: JSONValue, _ name: String = "DDPM") -> String? {
      failure(["_class_name": .string(name + "Scheduler"), key: value])
    }
    #expect(failure([:])?.hasPrefix("s.json: _class_name is missing; legal are DDPMScheduler, ") == true)
    #expect(
      failure(["_class_name": .string("FlowMatchEulerDiscreteScheduler")])?
        .hasPrefix("s.json: _class_name is FlowMatchEulerDiscreteScheduler, which is not one of DDPMScheduler") == true)
    #expect(
      with("beta_schedule", .string("cubic"))
        == "s.json: beta_schedule is \"cubic\", which is not one of linear, scaled_linear, squaredcos_cap_v2, sigmoid, "
        + "laplace, exp")
    #expect(
      with("prediction_type", .string("flow_prediction"))
        == "s.json: prediction_type is \"flow_prediction\", which is not one of epsilon, sample, v_prediction")
    #expect(
      with("variance_type", .string("other"))?.contains("fixed_small, fixed_small_log, fixed_large") == true)
    #expect(with("clip_sample", .number(1)) == "s.json: clip_sample is 1, which is neither true nor false")
    #expect(
      with("num_train_timesteps", .number(0)) == "s.json: num_train_timesteps: 0 is no whole number from 1 to 10000")
    #expect(
      with("num_train_timesteps", .number(10.5))
        == "s.json: num_train_timesteps: 10.5 is no whole number from 1 to 10000")
    #expect(with("beta_end", .string("x")) == "s.json: beta_end: 'x' is no number from 0 to 1")
    #expect(with("beta_end", .number(3)) == "s.json: beta_end: 3 is no number from 0 to 1")
    #expect(
      with("trained_betas", .array([.number(0.1)]))
        == "s.json: trained_betas holds 1 numbers for num_train_timesteps 1000")
    #expect(
      with("solver_order", .number(4), "DPMSolverMultistep") == "s.json: solver_order: 4 is no whole number from 1 to 3"
    )
    #expect(
      with("use_flow_sigmas", .boolean(true), "DPMSolverMultistep")
        == "s.json: use_flow_sigmas is true, which is not supported; false is")
    #expect(
      with("use_dynamic_shifting", .boolean(true), "UniPCMultistep")
        == "s.json: use_dynamic_shifting is true, which is not supported; false is")
    #expect(
      with("algorithm_type", .string("dpmsolver"), "DPMSolverMultistep")
        == "s.json: final_sigmas_type is \"zero\", which algorithm_type \"dpmsolver\" cannot reach; \"sigma_min\" is legal"
    )
    #expect(
      failure([
        "_class_name": .string("EulerDiscreteScheduler"), "use_karras_sigmas": .boolean(true),
        "use_beta_sigmas": .boolean(true),
      ]) == "s.json: use_karras_sigmas and use_beta_sigmas are true; one may be")
    #expect(failure(ddpm, .init(eta: 0.5)) == "s.json: DDPMScheduler takes no eta; only DDIMScheduler does")
    #expect(
      failure(["_class_name": .string("DDIMScheduler")], .init(eta: -1)) == "eta is -1.0; legal is 0 or more")
    #expect(with("timestep_spacing", .string("quadratic"), "EulerDiscrete") != nil)
  }

  @Test("Keys that a class does not know are ignored")
  func unknownKeys() {
    let values: [String: JSONValue] = [
      "_class_name": .string("DDPMScheduler"), "_diffusers_version": .string("0.1"), "sigma_max": .string("?"),
      "solver_order": .array([]),
    ]
    #expect(failure(values) == nil)
  }

  @Test("Every short name makes its sampler from a model's own schedule", arguments: SamplerName.allCases)
  func shortNames(name: SamplerName) throws {
    let model = SchedulerConfiguration([
      "_class_name": .string("DDPMScheduler"), "num_train_timesteps": .number(300), "beta_end": .number(0.05),
      "prediction_type": .string("v_prediction"), "clip_sample": .boolean(false), "steps_offset": .number(1),
      "variance_type": .string("fixed_large"),
    ])
    let scheduler = try Scheduler(name.configuration(for: model))
    #expect(scheduler.schedule.count == 300)
    // The first beta comes from the model's class where its configuration has none, not from the sampler's.
    #expect(scheduler.schedule.alphaBars[0] == 1 - Float(0.0001))
    #expect(scheduler.parametrization == .predicts(.velocity))
    #expect(try scheduler.plan(steps: 10).steps.count == 10)
    #expect(try SamplerName(name.rawValue.uppercased()) == name)
    if case .ddpm = name {
      #expect((scheduler.sampler as? DDPMSampler)?.variance == .fixedLarge)
      #expect(try scheduler.plan(steps: 10).start.timestep == 271)
    }
  }

  @Test("An unknown short name is answered with those there are")
  func unknownShortNames() throws {
    #expect(try SamplerName("dpm++") == .dpmMultistep2)
    #expect(throws: SamplerError.self) { try SamplerName("plms") }
  }

  @Test("A model without signal at its last step is refused by samplers that cannot begin there")
  func zeroSignalModels() throws {
    let model = SchedulerConfiguration([
      "_class_name": .string("DDIMScheduler"), "rescale_betas_zero_snr": .boolean(true),
      "prediction_type": .string("v_prediction"),
    ])
    #expect(throws: SchedulerConfigurationError.self) { try SamplerName.lms.configuration(for: model) }
    #expect(try Scheduler(SamplerName.ddpm.configuration(for: model)).schedule.alphaBars[999] == 0)
    #expect(try Scheduler(SamplerName.euler.configuration(for: model)).schedule.alphaBars[999] == 0x1p-24)
  }
}
