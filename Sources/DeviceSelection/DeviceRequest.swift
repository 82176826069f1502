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
