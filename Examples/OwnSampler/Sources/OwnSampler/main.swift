// Samples eight Gaussians on a circle by a sampler, a grid and a denoiser that the package above does not know, and compares
// with its own Heun on its own Karras grid: exits with 1 if they differ by more than rounding.
import ComputeCPU
import Diffusion
import Foundation

let backend = try CPUBackend()
let (count, steps, denoiser) = (400, 18, RingDenoiser())

/// The samples of a scheduler, two values each, and how often the denoiser was evaluated.
func samples(_ scheduler: Scheduler, on backend: CPUBackend) throws -> (values: [Float], evaluations: Int) {
  let noise = SeededNoise(seeds: (0..<UInt64(count)).map { $0 }, sampleShape: [2], on: backend)
  var run = try SamplingRun(
    scheduler.plan(steps: steps), sampler: scheduler.sampler, denoiser: denoiser, noise: noise)
  return (try run.finish().values(), run.evaluations)
}

let own = try samples(Scheduler(sampler: OwnHeun(), schedule: .linear(), grid: OwnKarrasGrid()), on: backend)
let theirs = try samples(Scheduler(sampler: HeunSampler(), schedule: .linear(), grid: .karras()), on: backend)

var picture = [[Int]](repeating: .init(repeating: 0, count: 45), count: 23)
for sample in stride(from: 0, to: own.values.count, by: 2) {
  let (x, y) = (own.values[sample], own.values[sample + 1])
  picture[min(max(11 - Int((y * 8).rounded()), 0), 22)][min(max(22 + Int((x * 16).rounded()), 0), 44)] += 1
}
for row in picture {
  print(String(row.map { $0 == 0 ? " " : $0 < 3 ? "." : $0 < 6 ? "o" : "@" }))
}
let difference = zip(own.values, theirs.values).map { abs($0 - $1) }.max() ?? .infinity
print("\(count) samples, \(steps) steps, \(own.evaluations) function evaluations")
print("largest difference from the package's own Heun: \(difference)")
exit(difference < 1e-5 && own.evaluations == theirs.evaluations ? 0 : 1)
