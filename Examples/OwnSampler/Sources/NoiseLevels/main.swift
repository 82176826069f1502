// Prints the noise levels of a run, which takes the mathematics of `Diffusion` and no device.
import Diffusion

let scheduler = Scheduler(sampler: HeunSampler(), schedule: .linear(), grid: .karras())
print("Heun's method on a Karras grid: alpha, sigma, training step")
for step in try scheduler.plan(steps: 8).steps {
  print(step.from.alpha, step.from.sigma, step.from.timestep)
}
