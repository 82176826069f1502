import Compute
import DeviceSelection
import Testing

@Suite("Choosing a device")
struct DeviceChoiceTests {
  static func device(_ name: String, _ kind: DeviceKind, _ index: Int, backend: String = "opencl") -> DeviceDescription
  {
    .init(
      backend: backend, index: index, name: name, vendor: "Vendor of \(name)", driver: "1.0", kind: kind,
      computeUnits: 2, memoryBytes: 1 << 30, largestAllocationBytes: 1 << 29)
  }

  let cpu = device("Processor", .cpu, 0, backend: "cpu")
  let pocl = device("pthread-cpu", .cpu, 0)
  let gpu = device("Radeon RX 6800", .gpu, 1)
  let secondGPU = device("GeForce RTX 4090", .gpu, 2)

  @Test("The five forms of a request are read, and nothing else")
  func requests() throws {
    #expect(try DeviceRequest("auto") == .auto)
    #expect(try DeviceRequest("CPU") == .cpu)
    #expect(try DeviceRequest("opencl") == .openCL)
    #expect(try DeviceRequest("opencl:1") == .openCLIndex(1))
    #expect(try DeviceRequest("opencl:RTX 40:90") == .openCLNamed("RTX 40:90"))
    for text in ["", "cuda", "opencl:", "cpu:0", "auto:gpu"] {
      #expect(throws: DeviceChoiceError.self) { try DeviceRequest(text) }
    }
  }

  @Test("Processes of one machine take a GPU each, in turn, where any will do")
  func spreads() {
    let devices = [pocl, gpu, secondGPU]
    #expect((0..<4).map { DeviceRequest.auto.spread(over: devices, $0) } == [1, 2, 1, 2].map { .openCLIndex($0) })
    #expect(DeviceRequest.openCL.spread(over: devices, 1) == .openCLIndex(2))
    for request in [DeviceRequest.cpu, .openCLIndex(1), .openCLNamed("RTX")] {
      #expect(request.spread(over: devices, 1) == request)
    }
    #expect(DeviceRequest.auto.spread(over: [pocl, gpu], 1) == .auto)
  }

  @Test("auto takes the first GPU")
  func automaticGPU() throws {
    let choice = try DeviceChoice(.auto, cpu: cpu, openCL: [pocl, gpu, secondGPU])
    #expect(choice == .init(device: gpu, notice: nil))
  }

  @Test("auto prefers the CPU backend to an OpenCL device that is no GPU")
  func automaticWithoutGPU() throws {
    #expect(try DeviceChoice(.auto, cpu: cpu, openCL: [pocl]) == .init(device: cpu, notice: nil))
  }

  @Test("auto says in one line why there is no OpenCL device")
  func automaticNotice() throws {
    let choice = try DeviceChoice(.auto, cpu: cpu, openCL: [], openCLProblem: "libOpenCL.so.1 is not installed")
    #expect(choice.device == cpu)
    #expect(choice.notice == "using the CPU: libOpenCL.so.1 is not installed")
  }

  @Test("opencl takes a GPU before other devices, and any device before failing")
  func openCL() throws {
    #expect(try DeviceChoice(.openCL, cpu: cpu, openCL: [pocl, gpu]).device == gpu)
    #expect(try DeviceChoice(.openCL, cpu: cpu, openCL: [pocl]).device == pocl)
    #expect(throws: DeviceChoiceError(message: "no platform")) {
      try DeviceChoice(.openCL, cpu: cpu, openCL: [], openCLProblem: "no platform")
    }
  }

  @Test("A device is found by its place and by part of its name or vendor")
  func byIndexAndName() throws {
    #expect(try DeviceChoice(.openCLIndex(2), cpu: cpu, openCL: [pocl, gpu, secondGPU]).device == secondGPU)
    #expect(try DeviceChoice(.openCLNamed("radeon"), cpu: cpu, openCL: [pocl, gpu]).device == gpu)
    #expect(try DeviceChoice(.openCLNamed("vendor of pthread"), cpu: cpu, openCL: [gpu, pocl]).device == pocl)
  }

  @Test("A device that is not there is an error that lists those that are", arguments: ["opencl:7", "opencl:arc"])
  func missing(text: String) throws {
    let request = try DeviceRequest(text)
    let error = #expect(throws: DeviceChoiceError.self) {
      try DeviceChoice(request, cpu: cpu, openCL: [pocl, gpu])
    }
    #expect(error?.message.contains("0: pthread-cpu, 1: Radeon RX 6800") == true)
  }

  @Test("auto never fails")
  func automaticNeverFails() throws {
    for devices in [[], [pocl], [gpu], [pocl, gpu]] {
      _ = try DeviceChoice(.auto, cpu: cpu, openCL: devices, openCLProblem: nil)
    }
  }
}
