import Compute
import ComputeCPU
import Testing

@Suite("The CPU backend as a device")
struct BackendTests {
  @Test("The processor says its name, its cores and its memory")
  func describes() {
    let device = CPUBackend.describe()
    #expect(device.backend == "cpu" && device.kind == .cpu && device.index == 0)
    #expect(!device.name.isEmpty && device.driver.hasPrefix("OpenBLAS"))
    #expect(device.computeUnits >= 1 && device.memoryBytes > 1 << 26)
  }

  @Test("An unknown dispatch level is refused in one line that names the choices")
  func unknownLevel() {
    let error = #expect(throws: DeviceError.self) {
      _ = try CPUBackend { $0 == "DIFFUSE_CPU" ? "avx1024" : nil }
    }
    #expect(error?.message == "DIFFUSE_CPU=avx1024 is none of portable, avx2, avx512, avx512bf16")
  }

  @Test("The environment chooses the instruction set")
  func chosenLevel() throws {
    #expect(try makeBackend(.portable).instructionSet == "portable")
    #expect(try CPUBackend { _ in nil }.instructionSet == CPUBackend { _ in "" }.instructionSet)
  }

  @Test("No threads are refused", arguments: [0, -1, 5000])
  func threads(count: Int) {
    #expect(throws: DeviceError.self) { _ = try CPUBackend(options: .init(threads: count)) }
  }

  @Test("Going past the budget is thrown once by the next wait, and the backend works afterwards")
  func budget() throws {
    let backend = try CPUBackend(options: .init(memoryBudget: 6 << 20, threads: 1))
    #expect(backend.memoryBudget == 6 << 20)
    let small = backend.makeBuffer([1, 2, 3])
    let large = backend.makeBuffer(count: 2 << 20)
    backend.combine([Term(2, small)], into: small)
    let error = #expect(throws: DeviceError.self) { try backend.synchronize() }
    #expect(error?.reason == .outOfMemory)
    #expect(error?.message.contains("budget of 6291456 bytes") == true)
    try backend.synchronize()
    #expect(try backend.read(small) == [1, 2, 3], "operations after a failure do nothing")
    backend.clamp(large, lower: 0, upper: 1, into: large)
    #expect(throws: DeviceError.self) { try backend.synchronize() }
    backend.combine([Term(2, small)], into: small)
    #expect(try backend.read(small) == [2, 4, 6])
  }

  @Test("A prepared filter that found no memory is prepared again when there is some")
  func filterWithoutMemory() throws {
    let backend = try CPUBackend(options: .init(memoryBudget: 5 << 20, threads: 1))
    let filter = Parameter(shape: [512, 512], values: [Float](repeating: 1, count: 512 * 512))
    let shape = ConvolutionShape(inputChannels: 512, outputChannels: 512, kernel: 1)
    let ones = backend.makeBuffer([Float](repeating: 1, count: 512))
    let input = backend.makeFeatureMap(.init(batch: 1, channels: 512))
    let output = backend.makeFeatureMap(.init(batch: 1, channels: 512))
    backend.enter(ones, scale: 1, shift: 0, into: input)
    var obstacle: Buffer? = backend.makeBuffer(count: 600_000)
    backend.convolve(Operand(input), filter, shape, .init(), into: output)
    #expect(obstacle != nil)
    #expect(throws: DeviceError.self) { try backend.synchronize() }
    obstacle = nil
    backend.convolve(Operand(input), filter, shape, .init(), into: output)
    backend.leave(output, into: ones)
    #expect(try backend.read(ones).allSatisfy { $0 == 512 })
  }

  @Test("Memory goes back to a pool, is found there, and leaves it when asked to")
  func pool() throws {
    let backend = try makeBackend()
    let start = backend.memoryUse.current
    for _ in 0..<10 { _ = backend.makeFeatureMap(.init(batch: 1, channels: 3, height: 100, width: 100)) }
    let held = backend.memoryUse.current - start
    #expect((120_000...130_000).contains(held))
    backend.releaseUnusedMemory()
    #expect(backend.memoryUse.current == start && backend.memoryUse.peak == start + held)
  }

  @Test("A value written outside of a buffer is found", arguments: [-1, 5])
  func guardZones(place: Int) throws {
    let backend = try makeBackend(options: .init(guardZoneBytes: 64))
    let buffer = backend.makeBuffer([1, 2, 3, 4, 5])
    try backend.checkGuardZones()
    let values = try #require((buffer as? CPUBuffer)?.storage.values)
    values[place] = 0
    let error = #expect(throws: DeviceError.self) { try backend.checkGuardZones() }
    #expect(error?.reason == .guardZone)
  }

  @Test("A changed parameter is prepared anew")
  func parameterVersions() throws {
    let backend = try makeBackend()
    let table = Parameter(shape: [2, 3], values: [1, 2, 3, 4, 5, 6])
    let rows = backend.makeFeatureMap(.init(batch: 1, channels: 3))
    let values = backend.makeBuffer(count: 3)
    for _ in 0..<2 {
      backend.lookUpEmbedding(of: table, [1], into: rows)
      backend.leave(rows, into: values)
      #expect(try backend.read(values) == Array(table.values().suffix(3)))
      table.update([6, 5, 4, 3, 2, 1])
    }
  }
}
