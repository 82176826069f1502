public import Compute

/// Which device the user asks for: `auto`, `cpu`, `opencl`, `opencl:N` or `opencl:<part of a name>`.
public enum DeviceRequest: Sendable, Hashable {
  /// A GPU if there is one that works, else the CPU.
  case auto
  /// The CPU backend.
  case cpu
  /// The first OpenCL device, GPUs before others.
  case openCL
  /// The OpenCL device of a place in the list that `diffuse-gpu devices` prints.
  case openCLIndex(Int)
  /// The first OpenCL device whose name or vendor contains a text, whatever the case of its letters.
  case openCLNamed(String)

  /// Reads a request as it is typed.
  ///
  /// - Throws: ``DeviceChoiceError`` for anything else than the five forms.
  public init(_ text: String) throws(DeviceChoiceError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    switch (parts[0].lowercased(), parts.count) {
    case ("auto", 1): self = .auto
    case ("cpu", 1): self = .cpu
    case ("opencl", 1): self = .openCL
    case ("opencl", 2) where !parts[1].isEmpty:
      self = Int(parts[1]).map { .openCLIndex($0) } ?? .openCLNamed(parts[1])
    default:
      throw DeviceChoiceError(
        message: "unknown device '\(text)'; it is auto, cpu, opencl, opencl:N or opencl:<part of a name>")
    }
  }

  /// The request of one of several processes of a machine: where any GPU will do, they take one each, in turn.
  ///
  /// - Parameters:
  ///   - devices: The OpenCL devices in the order of the drivers.
  ///   - place: The number of the process among those of the machine.
  public func spread(over devices: [DeviceDescription], _ place: Int) -> DeviceRequest {
    let graphics = devices.indices.filter { devices[$0].kind == .gpu }
    guard self == .auto || self == .openCL, graphics.count > 1 else { return self }
    return .openCLIndex(graphics[place % graphics.count])
  }
}

/// A request for a device that cannot be met, as one line for the user.
public struct DeviceChoiceError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was asked and what there is.
  public let message: String

  /// An error of one line.
  public init(message: String) {
    self.message = message
  }

  /// The line as it is printed.
  public var description: String { message }
}
