import CPUKernels
public import Compute

extension CPUBackend {
  /// One pass over vectors of counters, in 32-bit arithmetic; normals are within 1e-6 of their formula.
  public func fillNormal(_ destination: Buffer, seeds: [UInt64], key: NoiseKey) {
    checkFillNormal(destination, seeds: seeds)
    guard let to = values(destination) else { return }
    let rowLength = destination.count / seeds.count, chunk = 4096
    seeds.withUnsafeBufferPointer { seeds in
      let arguments = cpu_rows(
        source: nil, destination: to, seeds: seeds.baseAddress, row_length: rowLength, chunk: chunk,
        chunks: pieces(rowLength, of: chunk), step: key.step, draw: key.draw)
      pool.run(kernels.fill_normal, arguments, count: seeds.count * arguments.chunks)
    }
  }

  /// The four words of one counter, by the kernel that makes noise.
  package func philox(counter: [UInt32], key: [UInt32]) -> [UInt32] {
    precondition(counter.count == 4 && key.count == 2, "a counter has four words and a key two")
    var words: [UInt32] = [0, 0, 0, 0]
    kernels.philox(counter, key, &words)
    return words
  }
}
