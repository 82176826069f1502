import Compute
import ComputeCPU
import Diffusion
import DiffusersFormat
import Files
import Tensors
import Testing

@Suite("Schedulers of files that hold anything")
struct HostileSchedulerTests {
  /// Numbers that a key may be given by mistake or on purpose.
  static let numbers: [Double] = [
    .nan, .infinity, -.infinity, 0, -1, 0.5, 1, 2, 1e-300, 1e-9, 1e15, 1e18, 0x1p62, -1e19, 1e300, -1e300,
  ]
  static let keys = [
    "num_train_timesteps", "beta_start", "beta_end", "trained_betas", "disable_corrector", "steps_offset",
    "lambda_min_clipped", "clip_sample_range", "sample_max_value", "dynamic_thresholding_ratio", "sigma_min",
    "sigma_max",
    "solver_order", "shift_terminal", "solver_p",
  ]

  @Test("Every number in every key is followed to the end of a run, or refused in one line", arguments: keys)
  func numbers(key: String) throws {
    let backend = try CPUBackend()
    for name in SamplerName.allCases {
      for number in Self.numbers {
        for value in [JSONValue.number(number), .array([.number(number)])] {
          var values = try name.configuration(for: .ddpm).values
          values["thresholding"] = .boolean(key == "sample_max_value" || key == "dynamic_thresholding_ratio")
          values[key] = value
          try follow(SchedulerConfiguration(values, source: "s.json"), on: backend)
        }
      }
    }
  }

  static let sigmaKeys = [
    "num_train_timesteps", "sigma_min", "sigma_max", "sigma_data", "rho", "snr", "sampling_eps", "correct_steps",
    "s_noise",
    "time_scale", "beta_d", "beta_min", "epsilon_t", "C_1", "C_2", "M", "sample_max_value",
  ]

  @Test("So it is with models of unscaled data, whatever their network's wrapper", arguments: sigmaKeys)
  func sigmas(key: String) throws {
    let backend = try CPUBackend()
    let classes = ["EDMEuler", "EDMDPMSolverMultistep", "ScoreSdeVe", "CMStochasticIterative"]
    for (name, wrapper) in classes.map({ ($0, "edm") }) + ["vp", "ve", "iddpm"].map({ ("EDMEuler", $0) }) {
      for number in Self.numbers {
        var values: [String: JSONValue] = [
          "_class_name": .string(name + "Scheduler"), "preconditioning": .string(wrapper),
          "thresholding": .boolean(key == "sample_max_value"), "M": .number(50),
        ]
        values[key] = .number(number)
        try follow(SchedulerConfiguration(values, source: "s.json"), on: backend)
      }
    }
  }

  /// Samples two values by a scheduler, unless its configuration or its steps are refused.
  private func follow(
    _ configuration: SchedulerConfiguration, steps: Int = 3, on backend: any Backend
  ) throws {
    do {
      let scheduler = try Scheduler(configuration)
      let plan = try scheduler.plan(steps: steps)
      let denoiser = GaussianMixtureDenoiser(centres: [-1, 1], dimension: 1, on: backend)
      let noise = SeededNoise(seeds: [0, 1], sampleShape: [1], on: backend)
      guard plan.start.sigma > 0 else { return }
      var run = try SamplingRun(plan, sampler: scheduler.sampler, denoiser: denoiser, noise: noise)
      _ = try run.finish()
    } catch let error as SchedulerConfigurationError {
      #expect(error.description.hasPrefix("s.json: ") && !error.description.contains("\n"))
    } catch let error as SamplerError {
      #expect(!error.description.contains("\n"))
    }
  }

  @Test("Every sampler refuses steps beyond the limit before it plans them", arguments: SamplerName.allCases)
  func steps(name: SamplerName) throws {
    for scheduler in [try Scheduler(name.configuration(for: .ddpm)), try name.scheduler()] {
      for steps in [Int.min, -1, 0, SamplerError.largestSteps + 1, 1_000_000_000, .max] {
        #expect(throws: SamplerError.self) { try scheduler.plan(steps: steps) }
        #expect(throws: SamplerError.self) { try scheduler.plan(steps: steps, startingAt: 500) }
      }
      for start in [Int.min, 0, 1000, .max] {
        #expect(throws: SamplerError.self) { try scheduler.plan(steps: 3, startingAt: start) }
      }
    }
  }

  @Test("Every spacing and shape plans or refuses any number of steps", arguments: SamplerName.allCases)
  func shapes(name: SamplerName) throws {
    let backend = try CPUBackend()
    for count in [1.0, 2, 3, 1000] {
      for spacing in ["linspace", "leading", "trailing"] {
        for shape in ["", "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas"] {
          var values = try name.configuration(for: .ddpm).values
          (values["num_train_timesteps"], values["timestep_spacing"]) = (.number(count), .string(spacing))
          if !shape.isEmpty { values[shape] = .boolean(true) }
          let configuration = SchedulerConfiguration(values, source: "s.json")
          for steps in [1, 2, 5] { try follow(configuration, steps: steps, on: backend) }
        }
      }
    }
  }
}
