import COpenCL
public import Compute

/// A device that an OpenCL driver offers.
///
/// Handles of devices live as long as the process and may be used from any thread (OpenCL 1.2, appendix A.2), hence the
/// unchecked conformance.
public struct OpenCLDevice: @unchecked Sendable {
  /// What the device says of itself.
  public let description: DeviceDescription
  /// The platform's name and version, part of the key of cached programs.
  let platform: String
  let id: cl_device_id
  let platformID: cl_platform_id

  /// All devices of all drivers, in the order of the loader.
  ///
  /// - Throws: `DeviceError` of reason `unavailable` if there is no loader, no driver or no device, in one line that
  ///   names a package to install, or the driver's file and what is wrong with it.
  public static func devices() throws(DeviceError) -> [OpenCLDevice] { try found.get() }

  /// Asked for once: PoCL 3.1 shows no devices to a thread that asks while another thread's first call sets it up.
  private static let found = Result { () throws(DeviceError) in try find() }

  private static func find() throws(DeviceError) -> [OpenCLDevice] {
    if let reason = opencl_open() { throw unavailable(String(cString: reason)) }
    let platforms = platformIDs()
    guard !platforms.isEmpty else {
      throw unavailable(DriverFault.ofNoPlatform)
    }
    var devices: [OpenCLDevice] = []
    for platform in platforms {
      for device in deviceIDs(of: platform) where available(device) {
        devices.append(.init(device, of: platform, index: devices.count))
      }
    }
    guard !devices.isEmpty else {
      let names = platforms.map { Information.ofPlatform($0, CL_PLATFORM_NAME) }
      throw unavailable(DriverFault.ofNoDevice(names))
    }
    return devices
  }

  private init(_ device: cl_device_id, of platform: cl_platform_id, index: Int) {
    id = device
    platformID = platform
    let platformName = Information.ofPlatform(platform, CL_PLATFORM_NAME)
    self.platform = "\(platformName) \(Information.ofPlatform(platform, CL_PLATFORM_VERSION))"
    let type = Information.number(device, CL_DEVICE_TYPE, as: cl_device_type.self)
    let kind: DeviceKind =
      type & cl_device_type(CL_DEVICE_TYPE_GPU) != 0
      ? .gpu : type & cl_device_type(CL_DEVICE_TYPE_CPU) != 0 ? .cpu : .accelerator
    description = DeviceDescription(
      backend: "opencl", index: index, name: Information.ofDevice(device, CL_DEVICE_NAME),
      vendor: Information.ofDevice(device, CL_DEVICE_VENDOR),
      driver: "\(platformName) \(Information.ofDevice(device, CL_DRIVER_VERSION))", kind: kind,
      computeUnits: Int(Information.number(device, CL_DEVICE_MAX_COMPUTE_UNITS, as: cl_uint.self)),
      memoryBytes: Int(clamping: Information.number(device, CL_DEVICE_GLOBAL_MEM_SIZE, as: cl_ulong.self)),
      largestAllocationBytes: Int(
        clamping: Information.number(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, as: cl_ulong.self)))
  }

  /// Floats in the device's own vectors.
  var nativeVectorWidth: Int {
    Int(Information.number(id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, as: cl_uint.self))
  }

  /// Whether kernels may multiply by NVIDIA's tensor cores with 16-byte copies and bfloat16: compute capability 8.0 and later.
  var hasTensorCores: Bool {
    // CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV of cl_nv_device_attribute_query.
    description.vendor.contains("NVIDIA") && Information.number(id, 0x4000, as: cl_uint.self) >= 8
  }

  /// Bytes to multiples of which a sub-buffer must start.
  var alignmentBytes: Int {
    max(4, Int(Information.number(id, CL_DEVICE_MEM_BASE_ADDR_ALIGN, as: cl_uint.self)) / 8)
  }

  private static func unavailable(_ message: String) -> DeviceError {
    .init(.unavailable, device: "OpenCL", message: message)
  }

  private static func available(_ device: cl_device_id) -> Bool {
    Information.number(device, CL_DEVICE_AVAILABLE, as: cl_bool.self) != 0
      && Information.number(device, CL_DEVICE_COMPILER_AVAILABLE, as: cl_bool.self) != 0
  }

  private static func platformIDs() -> [cl_platform_id] {
    var count: cl_uint = 0
    guard opencl_GetPlatformIDs(0, nil, &count) == CL_SUCCESS, count > 0 else { return [] }
    var platforms = [cl_platform_id?](repeating: nil, count: Int(count))
    guard opencl_GetPlatformIDs(count, &platforms, nil) == CL_SUCCESS else { return [] }
    return platforms.compactMap { $0 }
  }

  private static func deviceIDs(of platform: cl_platform_id) -> [cl_device_id] {
    let all = cl_device_type(CL_DEVICE_TYPE_ALL)
    var count: cl_uint = 0
    guard opencl_GetDeviceIDs(platform, all, 0, nil, &count) == CL_SUCCESS, count > 0 else { return [] }
    var devices = [cl_device_id?](repeating: nil, count: Int(count))
    guard opencl_GetDeviceIDs(platform, all, count, &devices, nil) == CL_SUCCESS else { return [] }
    return devices.compactMap { $0 }
  }
}

/// Answers to OpenCL's questions about platforms and devices.
private enum Information {
  /// A text about a platform, empty if there is none.
  static func ofPlatform(_ platform: cl_platform_id, _ name: Int32) -> String {
    text { opencl_GetPlatformInfo(platform, cl_uint(name), $0, $1, $2) }
  }

  /// A text about a device, empty if there is none.
  static func ofDevice(_ device: cl_device_id, _ name: Int32) -> String {
    text { opencl_GetDeviceInfo(device, cl_uint(name), $0, $1, $2) }
  }

  private static func text(
    _ ask: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> cl_int
  ) -> String {
    var size = 0
    guard ask(0, nil, &size) == CL_SUCCESS, size > 1 else { return "" }
    var bytes = [UInt8](repeating: 0, count: size)
    guard ask(size, &bytes, nil) == CL_SUCCESS else { return "" }
    let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  /// A question whose answer is a number; the answer is zero if there is none.
  static func number<Number: FixedWidthInteger>(_ device: cl_device_id, _ name: Int32, as: Number.Type) -> Number {
    var value: Number = 0
    guard opencl_GetDeviceInfo(device, cl_uint(name), MemoryLayout<Number>.size, &value, nil) == CL_SUCCESS else {
      return 0
    }
    return value
  }
}
