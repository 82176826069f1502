import COpenBLAS
import CPUKernels
public import Compute
import Glibc

/// The host's processor as a device.
///
/// Activations lie channels-last. Convolutions are products of gathered or Winograd-transformed strips with packed filters,
/// by kernels for AVX-512, AVX2 or any processor, chosen when the backend is opened (`DIFFUSE_CPU=portable|avx2|avx512`
/// chooses by hand); exact matrices and attention go through OpenBLAS. Operations run at once on the backend's own threads.
/// Results depend neither on the number of threads nor, sample by sample, on the batch.
public final class CPUBackend: Backend {
  /// The device behind the backend.
  public let device: DeviceDescription
  /// The arithmetic of convolutions; activations are kept in 32 bits all the same.
  public let precision: Precision
  /// Whether convolutions keep to the direct method.
  let isExact: Bool

  let memory: CPUMemory
  let pool: ThreadPool
  let kernels: cpu_kernels

  /// OpenBLAS keeps to the calling thread: its own threads would wait for each other behind one lock.
  private static let openBLASIsSerial: Void = openblas_set_num_threads(1)

  /// Opens the processor.
  ///
  /// - Parameter options: Budget, threads (one a core by default) and guard zones.
  public convenience init(options: BackendOptions = .init()) throws(DeviceError) {
    try self.init(options: options) { name in getenv(name).map { String(cString: $0) } }
  }

  /// Opens the processor with an environment of one's own making.
  package init(options: BackendOptions = .init(), environment: (String) -> String?) throws(DeviceError) {
    let description = Self.describe()
    let level = try DispatchLevel.chosen(environment, device: description.name)
    guard options.precision != .float16 else {
      throw DeviceError(
        .unavailable, device: description.name, message: "the CPU computes in float32 or bfloat16, not in float16")
    }
    let threads = options.threads ?? description.computeUnits
    guard (1...1024).contains(threads) else {
      throw DeviceError(
        .unavailable, device: description.name, message: "the number of threads is 1 to 1024, not \(threads)")
    }
    guard let pool = ThreadPool(threads: threads) else {
      throw DeviceError(
        .unavailable, device: description.name, message: "the system does not start \(threads) threads")
    }
    guard
      let memory = CPUMemory(
        deviceName: description.name, budget: options.memoryBudget ?? description.memoryBytes,
        guardZoneBytes: options.guardZoneBytes)
    else {
      throw DeviceError(.unavailable, device: description.name, message: "the system has no addresses left")
    }
    _ = Self.openBLASIsSerial
    guard openblas_reserve(Int32(threads)) else {
      throw DeviceError(
        .unavailable, device: description.name,
        message: "\(threads) threads need \(threads * Int(openblas_buffer_bytes) >> 20) MiB of addresses for "
          + "OpenBLAS, which are not there; raise the limit (`ulimit -v`) or take fewer threads")
    }
    self.device = description
    self.precision = options.precision
    self.isExact = options.isExact
    self.pool = pool
    self.kernels = level.kernels
    self.memory = memory
    memory.account(forBytes: threads * ThreadPool.scratchBytes)
  }

  /// What the processor says of itself; memory is the machine's, or the limit of the process's control group.
  public static func describe() -> DeviceDescription {
    let (name, vendor) = processor()
    let memoryBytes = cpu_memory_bytes()
    return .init(
      backend: "cpu", index: 0, name: name, vendor: vendor, driver: openBLASVersion(), kind: .cpu,
      computeUnits: Int(cpu_available_cores()), memoryBytes: memoryBytes, largestAllocationBytes: memoryBytes)
  }

  /// The instruction set in use, such as `AVX-512`.
  package var instructionSet: String { String(cString: kernels.name) }

  private static func processor() -> (name: String, vendor: String) {
    let size = 128
    var text = [CChar](repeating: 0, count: 2 * size)
    return text.withUnsafeMutableBufferPointer { text in
      guard let name = text.baseAddress else { return ("", "") }
      cpu_processor(name, name + size, size)
      return (String(cString: name), String(cString: name + size))
    }
  }

  /// The first two words of the configuration and the kernels' name: `OpenBLAS 0.3.21 Cooperlake`.
  private static func openBLASVersion() -> String {
    guard let configuration = openblas_get_config(), let core = openblas_get_corename() else { return "OpenBLAS" }
    let words = String(cString: configuration).split(separator: " ").prefix(2)
    return (words.map(String.init) + [String(cString: core)]).joined(separator: " ")
  }
}

extension CPUBackend {
  /// The values behind a buffer, or nil if operations do nothing after a failure.
  func values(_ buffer: Buffer) -> UnsafeMutablePointer<Float>? {
    guard let buffer = buffer as? CPUBuffer, buffer.storage.memory === memory else {
      preconditionFailure("the buffer belongs to another backend")
    }
    return values(buffer.storage)
  }

  /// The values behind an activation, or nil if operations do nothing after a failure.
  func values(_ activation: FeatureMap) -> UnsafeMutablePointer<Float>? {
    guard let activation = activation as? CPUActivation, activation.storage.memory === memory else {
      preconditionFailure("the activation belongs to another backend")
    }
    return values(activation.storage)
  }

  func values(_ storage: CPUStorage) -> UnsafeMutablePointer<Float>? {
    if storage.values == nil { memory.fail(.outOfMemory, "an operation was given memory that could not be allocated") }
    return memory.failure == nil ? storage.values : nil
  }

  /// A form of a parameter, made by `fill` from the master's values; nil, and a failure, if there is no memory for it.
  func form(
    of parameter: Parameter, for purpose: FilterForm?, count: Int,
    fill: (UnsafeBufferPointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) -> UnsafeMutablePointer<Float>? {
    guard memory.failure == nil else { return nil }
    let storage: CPUStorage? = parameter.prepared(for: purpose, by: self) {
      // A form without memory is not kept: there may be memory the next time.
      let storage = CPUStorage(count: count, in: memory, .lasting)
      guard let values = values(storage), withValues(of: parameter, { fill($0, values) }) else { return nil }
      return storage
    }
    return storage.flatMap { values($0) }
  }

  /// A parameter's values as they are: the master itself if it lies here.
  func plainForm(of parameter: Parameter) -> UnsafeMutablePointer<Float>? {
    if let own = ownValues(of: parameter) { return own }
    return form(of: parameter, for: nil, count: parameter.count) { master, values in
      if let first = master.baseAddress { values.update(from: first, count: master.count) }
    }
  }

  /// The values of a parameter whose master is one of this backend's buffers.
  private func ownValues(of parameter: Parameter) -> UnsafeMutablePointer<Float>? {
    guard let buffer = parameter.buffer as? CPUBuffer, buffer.storage.memory === memory else { return nil }
    return values(buffer.storage)
  }

  /// Reads a parameter's master where it lies, or a copy of it.
  ///
  /// - Returns: False after a failure.
  private func withValues(of parameter: Parameter, _ body: (UnsafeBufferPointer<Float>) -> Void) -> Bool {
    if let own = ownValues(of: parameter) {
      body(.init(start: own, count: parameter.count))
      return true
    }
    do throws(DeviceError) {
      try parameter.values().withUnsafeBufferPointer(body)
      return true
    } catch {
      memory.fail(error.reason, error.message)
      return false
    }
  }

  /// An operand's values, or nil after a failure.
  func values(_ operand: Operand) -> cpu_operand? {
    guard let first = values(operand.first) else { return nil }
    guard let pairedWith = operand.second else {
      return .init(first: first, second: nil, first_channels: operand.first.shape.channels, second_channels: 0)
    }
    guard let second = values(pairedWith) else { return nil }
    return .init(
      first: first, second: second, first_channels: operand.first.shape.channels,
      second_channels: pairedWith.shape.channels)
  }
}

extension Nonlinearity {
  /// The function's name in C.
  var cValue: cpu_function {
    switch self {
    case .identity: CPU_IDENTITY
    case .silu: CPU_SILU
    case .mish: CPU_MISH
    case .gelu: CPU_GELU
    case .relu: CPU_RELU
    }
  }
}

/// How many pieces of `size` cover `count`.
func pieces(_ count: Int, of size: Int) -> Int { (count + size - 1) / size }
