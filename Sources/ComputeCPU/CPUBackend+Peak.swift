import CPUKernels
public import Compute

extension CPUBackend: ArithmeticPeakMeasurement {
  /// Multiply-adds of all threads from their registers, by the instructions that convolutions use.
  public func measureArithmeticPeak() -> Double {
    let iterations = 20_000_000, isPairs = precision == .bfloat16
    var results = [Float](repeating: 0, count: pool.threads)
    var best = 0.0
    for round in 0..<3 {
      let seconds = results.withUnsafeMutableBufferPointer { results in
        let arguments = cpu_peak(results: results.baseAddress, factor: 1e-3, iterations: iterations)
        return Duration.seconds { pool.run(isPairs ? kernels.peak.1 : kernels.peak.0, arguments, count: pool.threads) }
      }
      let sums = pool.threads * iterations * kernels.peak_sums * (isPairs ? 2 : 1)
      if round > 0 { best = max(best, 2 * Double(sums) / seconds) }
    }
    return best
  }
}
