import COpenCL
import Compute

/// The programs of one context, compiled when a kernel of theirs is first needed, or taken from the disk.
final class ProgramLibrary {
  private let device: OpenCLDevice
  private let context: cl_context
  private let sources: KernelSources
  private let parameters: LaunchParameters
  private let cache: ProgramCache?
  private var programs: [Key: cl_program] = [:]
  /// The programs that came from the disk and have not been compiled here.
  private var cachedPrograms: Set<Key> = []

  /// What a program is compiled from, besides the device: a file, and the tile of its convolutions.
  private struct Key: Hashable {
    let family: KernelFamily
    let tile: ConvolutionTile?
  }

  /// The programs for a device in a context, with the macros that the parameters set.
  init(
    device: OpenCLDevice, context: cl_context, sources: KernelSources, parameters: LaunchParameters,
    cache: ProgramCache? = nil
  ) {
    self.device = device
    self.context = context
    self.sources = sources
    self.parameters = parameters
    // PoCL compiles a kernel when it is first launched and keeps the result itself; its binaries hold no more than the
    // front end's output and depend on temporary files.
    self.cache = cache ?? (device.platform.hasPrefix("Portable Computing Language") ? nil : ProgramCache())
  }

  /// A kernel of its own for the caller, who releases it.
  ///
  /// - Throws: ``DeviceError`` of reason `kernelBuild` with the compiler's log.
  func makeKernel(_ kernel: Kernel) throws(DeviceError) -> cl_kernel {
    var status: Int32 = 0
    let key = Key(family: kernel.family, tile: kernel.tile)
    if let id = opencl_CreateKernel(try program(key), kernel.name, &status), status == CL_SUCCESS {
      return id
    }
    // A binary may lack what its source has.
    if dropCached([key]),
      let id = opencl_CreateKernel(try program(key), kernel.name, &status), status == CL_SUCCESS
    {
      return id
    }
    throw failure("\(kernel.family.rawValue).cl has no kernel \(kernel.name) (\(statusName(status)))")
  }

  /// Forgets all programs that came from the disk, there as well, so that the next library compiles them.
  ///
  /// - Returns: Whether there were any.
  func dropCached() -> Bool { dropCached(cachedPrograms) }

  /// Forgets those of some programs that came from the disk.
  private func dropCached(_ keys: Set<Key>) -> Bool {
    let dropped = keys.intersection(cachedPrograms)
    for key in dropped {
      cache?.drop(place(of: key))
      if let program = programs.removeValue(forKey: key) { _ = opencl_ReleaseProgram(program) }
    }
    cachedPrograms.subtract(dropped)
    return !dropped.isEmpty
  }

  /// All that the binary of a program depends on.
  private func place(of key: Key) -> [String] {
    let text = sources.program(key.family)
    return [
      text, parameters.options(for: text, tile: key.tile), device.description.name, device.description.driver,
      device.platform,
    ]
  }

  /// Gives all programs back; the library is of no use any more.
  func release() {
    for program in programs.values { _ = opencl_ReleaseProgram(program) }
    programs.removeAll()
  }

  private func program(_ key: Key) throws(DeviceError) -> cl_program {
    if let program = programs[key] { return program }
    let place = place(of: key)
    if let binary = cache?.binary(for: place) {
      if let program = load(binary, place[1]) {
        programs[key] = program
        cachedPrograms.insert(key)
        return program
      }
      cache?.drop(place)
    }
    let program = try compile(place[0], place[1], key.family)
    programs[key] = program
    if let cache, let binary = binary(of: program) { cache.keep(binary, for: place) }
    return program
  }

  private func compile(_ text: String, _ options: String, _ family: KernelFamily) throws(DeviceError) -> cl_program {
    var status: Int32 = 0
    let program = text.withCString { pointer in
      var pointer: UnsafePointer<CChar>? = pointer
      return opencl_CreateProgramWithSource(context, 1, &pointer, nil, &status)
    }
    guard let program, status == CL_SUCCESS else {
      throw failure("\(family.rawValue).cl: clCreateProgramWithSource failed: \(statusName(status))")
    }
    status = build(program, options)
    guard status == CL_SUCCESS else {
      let log = log(of: program)
      _ = opencl_ReleaseProgram(program)
      let fault = "\(family.rawValue).cl does not compile (\(statusName(status)))"
      if let reason = DriverFault.ofCache(device.platform) { throw failure("\(fault): \(reason)") }
      throw failure(log.isEmpty ? fault : "\(fault): \(log)")
    }
    return program
  }

  /// A program from a binary, or nil if the driver does not take it.
  private func load(_ binary: [UInt8], _ options: String) -> cl_program? {
    var id: cl_device_id? = device.id
    var length = binary.count
    var (status, taken): (Int32, Int32) = (0, 0)
    let program = binary.withUnsafeBufferPointer { bytes in
      var pointer = bytes.baseAddress
      return opencl_CreateProgramWithBinary(context, 1, &id, &length, &pointer, &taken, &status)
    }
    guard let program else { return nil }
    if status == CL_SUCCESS && taken == CL_SUCCESS && build(program, options) == CL_SUCCESS { return program }
    _ = opencl_ReleaseProgram(program)
    return nil
  }

  private func build(_ program: cl_program, _ options: String) -> Int32 {
    var id: cl_device_id? = device.id
    return opencl_BuildProgram(program, 1, &id, options, nil, nil)
  }

  private func log(of program: cl_program) -> String {
    let name = cl_uint(CL_PROGRAM_BUILD_LOG)
    var size = 0
    guard opencl_GetProgramBuildInfo(program, device.id, name, 0, nil, &size) == CL_SUCCESS, size > 1 else {
      return ""
    }
    var bytes = [UInt8](repeating: 0, count: size)
    _ = opencl_GetProgramBuildInfo(program, device.id, name, size, &bytes, nil)
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private func binary(of program: cl_program) -> [UInt8]? {
    var size = 0
    let sizeName = cl_uint(CL_PROGRAM_BINARY_SIZES)
    guard opencl_GetProgramInfo(program, sizeName, MemoryLayout<Int>.size, &size, nil) == CL_SUCCESS, size > 0 else {
      return nil
    }
    var bytes = [UInt8](repeating: 0, count: size)
    let status = bytes.withUnsafeMutableBufferPointer { buffer in
      var pointer = buffer.baseAddress
      let size = MemoryLayout<UnsafeMutablePointer<UInt8>?>.size
      return opencl_GetProgramInfo(program, cl_uint(CL_PROGRAM_BINARIES), size, &pointer, nil)
    }
    return status == CL_SUCCESS ? bytes : nil
  }

  private func failure(_ message: String) -> DeviceError {
    .init(.kernelBuild, device: device.description.name, message: message)
  }
}
