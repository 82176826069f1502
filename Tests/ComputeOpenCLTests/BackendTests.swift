import Compute
import ComputeOpenCL
import Testing

@Suite("The OpenCL backend as a device", .serialized)
struct BackendTests {
  @Test("A device says its name, its driver and its limits")
  func describes() throws {
    let devices = try [testDevice()] + OpenCLDevice.devices()
    for device in devices.map(\.description) {
      #expect(device.backend == "opencl" && !device.name.isEmpty && !device.driver.isEmpty)
      #expect(device.computeUnits >= 1 && device.largestAllocationBytes <= device.memoryBytes)
      #expect(device.largestAllocationBytes >= 1 << 26)
    }
    #expect(devices.dropFirst().map(\.description.index) == Array(0..<devices.count - 1))
  }

  @Test("Going past the budget is thrown once by the next wait, and the backend works afterwards")
  func budget() throws {
    let backend = try makeBackend(.cpu, .init(memoryBudget: 1 << 20))
    #expect(backend.memoryBudget == 1 << 20)
    let small = backend.makeBuffer([1, 2, 3])
    let large = backend.makeBuffer(count: 1 << 20)
    backend.combine([Term(2, small)], into: small)
    let error = #expect(throws: DeviceError.self) { try backend.synchronize() }
    #expect(error?.reason == .outOfMemory)
    #expect(error?.message.contains("the budget is 1048 kB") == true)
    #expect(try backend.read(small) == [1, 2, 3], "operations after a failure do nothing")
    backend.clamp(large, lower: 0, upper: 1, into: large)
    #expect(throws: DeviceError.self) { try backend.synchronize() }
    backend.combine([Term(2, small)], into: small)
    #expect(try backend.read(small) == [2, 4, 6])
  }

  @Test("An allocation that the device cannot make is refused with both sizes")
  func largestAllocation() throws {
    let backend = try makeBackend(.cpu, .init(memoryBudget: .max))
    _ = backend.makeBuffer(count: backend.device.largestAllocationBytes / 4 + 1)
    let error = #expect(throws: DeviceError.self) { try backend.synchronize() }
    #expect(error?.reason == .outOfMemory && error?.message.contains("largest allocation") == true)
  }

  @Test("A prepared filter that found no memory is prepared again when there is some")
  func filterWithoutMemory() throws {
    let backend = try makeBackend(.cpu, .init(memoryBudget: 3 << 20))
    let filter = Parameter(shape: [512, 512], values: [Float](repeating: 1, count: 512 * 512))
    let shape = ConvolutionShape(inputChannels: 512, outputChannels: 512, kernel: 1)
    let ones = backend.makeBuffer([Float](repeating: 1, count: 512))
    let input = backend.makeFeatureMap(.init(batch: 1, channels: 512))
    let output = backend.makeFeatureMap(.init(batch: 1, channels: 512))
    backend.enter(ones, scale: 1, shift: 0, into: input)
    var obstacle: Buffer? = backend.makeBuffer(count: 400_000)
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
    let shape = FeatureMapShape(batch: 1, channels: 3, height: 100, width: 100)
    for _ in 0..<10 { _ = backend.makeFeatureMap(shape) }
    #expect(backend.byteCount(of: shape) == 640_000)
    #expect(backend.memoryUse == MemoryUse(current: 640_000, peak: 640_000))
    backend.releaseUnusedMemory()
    #expect(backend.memoryUse == MemoryUse(current: 0, peak: 640_000))
  }

  @Test("Values written many times between two waits arrive in order")
  func writes() throws {
    let backend = try makeBackend()
    let values = backend.makeBuffer(count: 3)
    let sum = backend.makeBuffer([0, 0, 0])
    for step in 1...2000 {
      backend.write([Float](repeating: Float(step % 7), count: 3), to: values)
      backend.combine([Term(1, sum), Term(1, values)], into: sum)
    }
    let expected = Float((1...2000).reduce(0) { $0 + $1 % 7 })
    #expect(try backend.read(sum) == [expected, expected, expected])
  }

  @Test("Buffers may outlive their backend")
  func outlives() throws {
    var backend: OpenCLBackend? = try makeBackend()
    let buffer = backend?.makeBuffer([1, 2, 3])
    backend = nil
    #expect(buffer?.count == 3)
  }
}
