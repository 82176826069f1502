public import Compute

/// The device that a request selects from those that were found.
public struct DeviceChoice: Hashable, Sendable {
  /// The chosen device.
  public let device: DeviceDescription
  /// One line to tell the user why it is not what they may expect, or nil.
  public let notice: String?

  /// Chooses a device: a pure function of the request and of what was found.
  ///
  /// - Parameters:
  ///   - request: What the user asks for.
  ///   - cpu: The CPU backend's description.
  ///   - openCL: The OpenCL devices in the order of the drivers, indexed by their place.
  ///   - openCLProblem: Why no OpenCL device was found, if none was.
  /// - Throws: ``DeviceChoiceError`` if an OpenCL device is asked for by name and there is no such device.
  public init(
    _ request: DeviceRequest, cpu: DeviceDescription, openCL: [DeviceDescription], openCLProblem: String? = nil
  ) throws(DeviceChoiceError) {
    switch request {
    case .cpu:
      self.init(device: cpu, notice: nil)
    case .auto:
      self = Self.automatic(cpu: cpu, openCL: openCL, openCLProblem: openCLProblem)
    case .openCL:
      guard let device = openCL.first(where: { $0.kind == .gpu }) ?? openCL.first else {
        throw Self.noDevice(openCLProblem)
      }
      self.init(device: device, notice: nil)
    case .openCLIndex(let index):
      guard !openCL.isEmpty else { throw Self.noDevice(openCLProblem) }
      guard openCL.indices.contains(index) else {
        throw DeviceChoiceError(message: "there is no OpenCL device \(index); \(Self.listing(openCL))")
      }
      self.init(device: openCL[index], notice: nil)
    case .openCLNamed(let part):
      guard !openCL.isEmpty else { throw Self.noDevice(openCLProblem) }
      let wanted = part.lowercased()
      guard
        let device = openCL.first(where: {
          $0.name.lowercased().contains(wanted) || $0.vendor.lowercased().contains(wanted)
        })
      else { throw DeviceChoiceError(message: "no OpenCL device is called '\(part)'; \(Self.listing(openCL))") }
      self.init(device: device, notice: nil)
    }
  }

  /// A choice that has been made.
  public init(device: DeviceDescription, notice: String?) {
    self.device = device
    self.notice = notice
  }

  private static func automatic(
    cpu: DeviceDescription, openCL: [DeviceDescription], openCLProblem: String?
  ) -> DeviceChoice {
    if let gpu = openCL.first(where: { $0.kind == .gpu }) { return .init(device: gpu, notice: nil) }
    // An OpenCL device that is no GPU is the same processor behind another compiler: the CPU backend is faster there.
    guard openCL.isEmpty else { return .init(device: cpu, notice: nil) }
    return .init(device: cpu, notice: "using the CPU: \(openCLProblem ?? "no OpenCL device was found")")
  }

  private static func noDevice(_ problem: String?) -> DeviceChoiceError {
    .init(message: problem ?? "no OpenCL device was found")
  }

  private static func listing(_ devices: [DeviceDescription]) -> String {
    "there are " + devices.enumerated().map { "\($0): \($1.name)" }.joined(separator: ", ")
  }
}
