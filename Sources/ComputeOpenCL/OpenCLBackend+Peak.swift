public import Compute

extension OpenCLBackend: ArithmeticPeakMeasurement {
  /// Multiply-adds of enough work-items to keep every compute unit busy for some tens of milliseconds.
  public func measureArithmeticPeak() throws(DeviceError) -> Double {
    let items = device.computeUnits * (device.kind == .gpu ? 2048 : 64), chains = 8
    let results = makeBuffer(count: items)
    guard let memory = memory(results) else {
      try synchronize()
      return 0
    }
    func addUp(_ iterations: Int) throws(DeviceError) {
      launch(.addUp, for: .combine, items: items, .memory(memory.id), .float(0.999), .int(iterations), .int(items))
      try synchronize()
    }
    // The first launch compiles.
    try addUp(1)
    var iterations = 1 << 10, best = 0.0
    while true {
      let begin = ContinuousClock.now
      try addUp(iterations)
      let seconds = (ContinuousClock.now - begin).inSeconds
      best = max(best, 2 * Double(items * chains * parameters.lanes * iterations) / seconds)
      // Short launches are mostly overhead; a long one is the answer.
      if seconds > 0.03 || iterations >= 1 << 24 { return best }
      iterations *= 4
    }
  }
}
