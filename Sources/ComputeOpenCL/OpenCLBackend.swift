public import Compute

/// A backend on one OpenCL device.
///
/// Activations lie channels-last with channels padded to a multiple of 16; kernels come from `Kernels/`, in one of two tiers
/// (`KernelTier`) that the kind of device decides. Everything runs on one in-order queue. Environment variables:
///
/// | variable | effect |
/// |---|---|
/// | `DIFFUSE_DEBUG=sync` | waits after every kernel, so that a failure names the kernel that failed |
/// | `DIFFUSE_KERNELS=<folder>` | compiles the kernels of a folder instead of the embedded ones |
/// | `DIFFUSE_KERNEL_CACHE=off` | compiles at every start |
/// | `DIFFUSE_OPENCL_TIER=cpu` or `gpu` | forces a tier |
///
/// `BackendOptions.threads` does not apply: the driver owns its threads.
public final class OpenCLBackend: Backend {
  let queue: CommandQueue
  let pool: MemoryPool
  let parameters: LaunchParameters
  let options: BackendOptions
  /// The variants of layers that were found by measuring.
  public var tuning = ConvolutionTuning() {
    didSet { choices.removeAll() }
  }
  /// The variants of layers that came up.
  var choices: [ConvolutionLayer: ConvolutionVariant] = [:]
  private var zeroMemory: (count: Int, memory: DeviceMemory)?
  var seedMemory: (seeds: [UInt64], memory: DeviceMemory)?

  /// Opens a device; kernels are compiled when they are first needed, or taken from a cache on disk.
  ///
  /// - Throws: `DeviceError` of reason `unavailable` if the driver does not open the device or the folder of
  ///   `DIFFUSE_KERNELS` does not hold the kernels.
  public convenience init(device: OpenCLDevice, options: BackendOptions = .init()) throws(DeviceError) {
    var tier: KernelTier = device.description.kind == .cpu ? .cpu : .gpu
    if let name = environment("DIFFUSE_OPENCL_TIER") {
      guard let forced = KernelTier(rawValue: name) else {
        throw DeviceError(
          .unavailable, device: device.description.name, message: "DIFFUSE_OPENCL_TIER is '\(name)', not cpu or gpu")
      }
      tier = forced
    }
    let units: MatrixUnits = tier == .gpu && device.hasTensorCores ? .tensorCores : .none
    try self.init(device: device, options: options, tier: tier, matrixUnits: units)
  }

  /// Opens a device with the kernels of a tier.
  package init(
    device: OpenCLDevice, options: BackendOptions = .init(), tier: KernelTier, matrixUnits: MatrixUnits = .none,
    kernels: String? = nil, cache: ProgramCache? = nil
  ) throws(DeviceError) {
    self.options = options
    parameters = .init(
      tier: tier, nativeVectorWidth: device.nativeVectorWidth, storage: options.precision, matrixUnits: matrixUnits)
    let sources = try KernelSources(folder: kernels ?? environment("DIFFUSE_KERNELS"))
    queue = try CommandQueue(
      device: device, sources: sources, parameters: parameters, cache: cache, isProfiled: options.isProfiled)
    pool = MemoryPool(queue: queue, options: options)
  }

  /// Backends on the same device that take other kernels, so that a check reaches all of them: those of the other tier, and in
  /// half precision those of the graphics tier with and without matrix units, emulated where the device has none.
  ///
  /// - Returns: None if the environment forces a tier.
  public func others() throws(DeviceError) -> [OpenCLBackend] {
    guard environment("DIFFUSE_OPENCL_TIER") == nil else { return [] }
    let own = (tier: parameters.tier, units: parameters.matrixUnits)
    var all: [(tier: KernelTier, units: MatrixUnits)] = [(.cpu, .none), (.gpu, .none)]
    if options.precision != .float32 { all.append((.gpu, .emulated)) }
    return try all.filter { $0 != own }.map { kernels throws(DeviceError) in
      try .init(device: queue.device, options: options, tier: kernels.tier, matrixUnits: kernels.units)
    }
  }

  /// Forgets the compiled programs that came from the cache on disk, there as well: the next backend compiles them anew.
  ///
  /// For who finds that the backend computes wrongly, which may be a damaged binary's fault. This backend is of no use then.
  ///
  /// - Returns: Whether there were any.
  package func dropCachedPrograms() -> Bool { queue.dropCachedPrograms() }

  /// What the backend was opened with.
  public var precision: Precision { options.precision }

  /// What the backend was opened with: kernels compute in single precision what they store in it.
  public var featureMapPrecision: Precision { parameters.storage }

  /// The device behind the backend.
  public var device: DeviceDescription { queue.device.description }

  /// The memory of a buffer; nil, and a failure, if its allocation failed.
  func memory(_ buffer: Buffer) -> DeviceMemory? {
    guard let buffer = buffer as? OpenCLBuffer else {
      preconditionFailure("a buffer of another backend was given to \(device.name)")
    }
    return present(buffer.memory)
  }

  /// The memory of an activation; nil, and a failure, if its allocation failed.
  func memory(_ activation: FeatureMap) -> DeviceMemory? {
    guard let activation = activation as? OpenCLActivation else {
      preconditionFailure("an activation of another backend was given to \(device.name)")
    }
    return present(activation.memory)
  }

  private func present(_ memory: DeviceMemory?) -> DeviceMemory? {
    if memory == nil { queue.fail(.outOfMemory, "something is used whose allocation failed before") }
    return memory
  }

  /// Enqueues a kernel whose work-items number `items` things through, the last group rounded up.
  func launch(_ kernel: Kernel, for operation: OperationKind, items: Int, _ arguments: KernelArgument...) {
    launch(kernel, for: operation, items: items, arguments)
  }

  /// The same, with the arguments in an array.
  func launch(_ kernel: Kernel, for operation: OperationKind, items: Int, _ arguments: [KernelArgument]) {
    let group = parameters.groupSize
    queue.launch(kernel, for: operation, groups: [items.dividedUp(by: group)], of: [group], arguments)
  }

  /// Vectors of an activation in memory.
  func vectors(of shape: FeatureMapShape) -> Int { shape.paddedCount / parameters.lanes }

  /// At least `count` zeros.
  func zeros(_ count: Int) -> DeviceMemory? {
    if let zeroMemory, zeroMemory.count >= count { return zeroMemory.memory }
    let count = max(count, 1024)
    guard let memory = upload([Float](repeating: 0, count: count), for: "zeros") else { return nil }
    zeroMemory = (count, memory)
    return memory
  }

  /// Memory with given values of four bytes; nil, and a failure, if there is none.
  func upload<Value>(_ values: [Value], for purpose: String) -> DeviceMemory? {
    precondition(MemoryLayout<Value>.stride == 4, "values have four bytes")
    guard let memory = pool.allocate(values.count, for: purpose) else { return nil }
    values.withUnsafeBytes { queue.write($0, to: memory.id) }
    return memory
  }
}

extension OpenCLBackend: DeviceActivityReporting {
  /// Launches, waits and bytes of the queue.
  public var activity: DeviceActivity { queue.activity }

  /// The driver's own times.
  public func kernelTimings() throws(DeviceError) -> [KernelTiming] {
    try queue.wait()
    return queue.kernelTimings
  }
}
