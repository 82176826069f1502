import COpenCL
import Compute

/// One in-order queue on one device, the kernels that it runs, and the first failure since the last wait.
///
/// After a failure nothing more is enqueued until a wait has thrown it.
final class CommandQueue {
  /// The device behind the queue.
  let device: OpenCLDevice
  let context: cl_context
  private let queue: cl_command_queue
  private let programs: ProgramLibrary
  private var kernels: [Kernel: BuiltKernel] = [:]
  private let waitsAfterEachCall = environment("DIFFUSE_DEBUG") == "sync"
  /// Sources of short writes that may not have happened yet.
  private var pending: [UnsafeMutableRawBufferPointer] = []
  /// The longest write in bytes, and how many of them between two waits, that are worth a copy.
  private static let (longestCopy, mostCopies) = (1 << 16, 1024)
  /// The first failure since the last wait.
  private(set) var failure: DeviceError?
  /// What the device was asked for so far.
  private(set) var activity = DeviceActivity()
  /// The times of kernels, if they are measured.
  private let profile: KernelProfile?

  /// A kernel with the number of its arguments.
  private struct BuiltKernel {
    let id: cl_kernel
    let argumentCount: Int
  }

  /// Opens a queue on a device.
  ///
  /// - Throws: ``DeviceError`` of reason `unavailable` if the driver gives no context or no queue.
  init(
    device: OpenCLDevice, sources: KernelSources, parameters: LaunchParameters, cache: ProgramCache? = nil,
    isProfiled: Bool = false
  ) throws(DeviceError) {
    var status: Int32 = 0
    var id: cl_device_id? = device.id
    guard let context = opencl_CreateContext(nil, 1, &id, nil, nil, &status), status == CL_SUCCESS else {
      throw Self.unavailable(device, "clCreateContext", status)
    }
    let properties = cl_command_queue_properties(isProfiled ? CL_QUEUE_PROFILING_ENABLE : 0)
    guard let queue = opencl_CreateCommandQueue(context, device.id, properties, &status), status == CL_SUCCESS else {
      _ = opencl_ReleaseContext(context)
      throw Self.unavailable(device, "clCreateCommandQueue", status)
    }
    self.device = device
    self.context = context
    self.queue = queue
    profile = isProfiled ? KernelProfile() : nil
    programs = ProgramLibrary(device: device, context: context, sources: sources, parameters: parameters, cache: cache)
  }

  /// Forgets all programs that came from the disk, and says whether there were any.
  func dropCachedPrograms() -> Bool { programs.dropCached() }

  deinit {
    // Nothing may be taken away from under work that is still queued.
    finish()
    for kernel in kernels.values { _ = opencl_ReleaseKernel(kernel.id) }
    programs.release()
    _ = opencl_ReleaseCommandQueue(queue)
    _ = opencl_ReleaseContext(context)
  }

  /// Enqueues a kernel with its arguments in the order of its signature.
  ///
  /// - Parameters:
  ///   - kernel: What runs.
  ///   - operation: What the user of the backend asked for, named by a failure.
  ///   - groups: Work-groups in each of at most three dimensions.
  ///   - group: Work-items of a group in the same dimensions.
  ///   - arguments: All arguments.
  func launch(
    _ kernel: Kernel, for operation: OperationKind, groups: [Int], of group: [Int], _ arguments: [KernelArgument]
  ) {
    guard failure == nil, let built = built(kernel) else { return }
    precondition(
      arguments.count == built.argumentCount,
      "\(kernel.name) takes \(built.argumentCount) arguments, not \(arguments.count)")
    for (place, argument) in arguments.enumerated() {
      let status = argument.set(place, of: built.id)
      precondition(
        status != CL_INVALID_ARG_SIZE, "argument \(place) of \(kernel.name) has another size than \(argument)")
      guard check(status, "\(operation.rawValue): argument \(place) of kernel \(kernel.name)") else { return }
    }
    let global = zip(groups, group).map { $0 * $1 }
    activity.launches += 1
    var event: cl_event?
    let status = withUnsafeMutablePointer(to: &event) { event in
      opencl_EnqueueNDRangeKernel(
        queue, built.id, cl_uint(group.count), nil, global, group, 0, nil, profile == nil ? nil : event)
    }
    if let event { profile?.add(event, of: kernel.name) }
    guard check(status, "\(operation.rawValue): kernel \(kernel.name)"), waitsAfterEachCall else { return }
    check(opencl_Finish(queue), "\(operation.rawValue): waiting for kernel \(kernel.name)")
  }

  /// Copies bytes to the device; they may be reused at once.
  ///
  /// A short write does not wait for the work before it: the queue gets a copy that lives until the next wait.
  func write(_ source: UnsafeRawBufferPointer, to memory: cl_mem) {
    guard failure == nil else { return }
    let isShort = source.count <= Self.longestCopy
    var bytes = source
    if isShort {
      if pending.count == Self.mostCopies { finish() }
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 16)
      copy.copyMemory(from: source)
      pending.append(copy)
      bytes = UnsafeRawBufferPointer(copy)
    }
    let status = opencl_EnqueueWriteBuffer(
      queue, memory, cl_bool(isShort ? CL_FALSE : CL_TRUE), 0, bytes.count, bytes.baseAddress, 0, nil, nil)
    activity.bytesWritten += source.count
    if !isShort { activity.waits += 1 }
    check(status, "writing \(source.count) bytes")
  }

  /// Copies bytes to the host after all work before it, the first failure since the last wait permitting.
  ///
  /// - Parameters:
  ///   - memory: What is read.
  ///   - offset: Bytes before the first that is read.
  ///   - destination: Memory that lives until the next wait.
  ///   - waits: Whether the bytes are there when the call returns.
  func read(
    _ memory: cl_mem, from offset: Int = 0, into destination: UnsafeMutableRawBufferPointer, waits: Bool = true
  ) {
    guard failure == nil else { return }
    let status = opencl_EnqueueReadBuffer(
      queue, memory, cl_bool(waits ? CL_TRUE : CL_FALSE), offset, destination.count, destination.baseAddress, 0, nil,
      nil)
    activity.bytesRead += destination.count
    if waits { activity.waits += 1 }
    check(status, "reading \(destination.count) bytes")
  }

  /// Waits for all work.
  ///
  /// - Throws: The first failure since the last wait.
  func wait() throws(DeviceError) {
    finish()
    if let failure {
      self.failure = nil
      throw failure
    }
  }

  /// The time of each kernel in the work that was waited for.
  var kernelTimings: [KernelTiming] { profile?.timings ?? [] }

  /// Waits for all work and gives the copies back.
  ///
  /// Nothing less will do: on Intel's runtime a blocking write returns while the sources of writes before it are still read.
  private func finish() {
    activity.waits += 1
    check(opencl_Finish(queue), "waiting for the device")
    if let profile { check(profile.collect(), "asking for the time of a kernel") }
    for copy in pending { copy.deallocate() }
    pending.removeAll()
  }

  /// Keeps a failure if it is the first.
  func fail(_ reason: DeviceError.Reason, _ message: String) {
    failure = failure ?? DeviceError(reason, device: device.description.name, message: message)
  }

  /// Keeps the failure that a status stands for, if it is one and the first; returns whether all is well.
  @discardableResult
  private func check(_ status: Int32, _ what: String) -> Bool {
    guard status != CL_SUCCESS else { return true }
    fail(.init(status: status), "\(what) failed: \(statusName(status))")
    return false
  }

  /// A kernel ready to run; nil, and a failure, if it does not compile.
  private func built(_ kernel: Kernel) -> BuiltKernel? {
    if let built = kernels[kernel] { return built }
    do throws(DeviceError) {
      let id = try programs.makeKernel(kernel)
      var count: cl_uint = 0
      let size = MemoryLayout<cl_uint>.size
      let status = opencl_GetKernelInfo(id, cl_uint(CL_KERNEL_NUM_ARGS), size, &count, nil)
      let built = BuiltKernel(id: id, argumentCount: Int(count))
      kernels[kernel] = built
      return check(status, "kernel \(kernel.name)") ? built : nil
    } catch {
      failure = failure ?? error
      return nil
    }
  }

  private static func unavailable(_ device: OpenCLDevice, _ call: String, _ status: Int32) -> DeviceError {
    .init(.unavailable, device: device.description.name, message: "\(call) failed: \(statusName(status))")
  }
}
