/// A learned value of a network: a 32-bit master, and the forms that backends prepare from it.
///
/// A master stays where it comes from: on the host (a mapped file, an array), or in a buffer of a device that an optimiser
/// changes. Forms (a packed filter, a transformed filter, a padded copy) are kept by backend and purpose for as long as
/// the version of the master holds, so that training may change it. A backend makes the forms of a master that lies on
/// its device there, so that a training step moves no weights between host and device.
public final class Parameter {
  /// The extents of the master, as PyTorch writes them (`[out, in, kernel, kernel]` for a filter).
  public let shape: [Int]
  /// How often the master has changed.
  public var version: Int { parts.reduce(ownVersion) { $0 + $1.version } }

  private var ownVersion = 0
  /// The parameters whose values this one joins; empty for one with a master of its own.
  private let parts: [Parameter]
  private var master: Master
  private var forms: [FormKey: PreparedForm] = [:]

  /// Where the values are.
  private enum Master {
    case host((UnsafeMutableBufferPointer<Float>) -> Void)
    /// In a buffer from a place on; of joined parts for as long as their versions add up to the same.
    case device(Buffer, any MemoryOperations, start: Int, version: Int)
    case parts
  }

  private struct FormKey: Hashable {
    let backend: ObjectIdentifier
    let purpose: AnyHashable
  }

  /// A form with the backend that made it: another backend may later live at the same address.
  private struct PreparedForm {
    weak var backend: (any Backend)?
    let version: Int
    let form: AnyObject
  }

  /// A parameter whose values `fill` writes whenever they are asked for, in row-major order of `shape`.
  ///
  /// - Parameters:
  ///   - shape: The extents; their product is the number of values written.
  ///   - fill: Writes all values; called once for each prepared form, so it may read a mapped file.
  public init(shape: [Int], fill: @escaping (UnsafeMutableBufferPointer<Float>) -> Void) {
    precondition(shape.allSatisfy { $0 > 0 }, "every extent is at least 1, got \(shape)")
    self.shape = shape
    self.parts = []
    self.master = .host(fill)
  }

  /// A parameter that has the values of others one after the other, now and whenever they change.
  public init(joining parts: [Parameter], shape: [Int]) {
    precondition(
      parts.reduce(0) { $0 + $1.count } == shape.reduce(1, *), "\(parts.map(\.shape)) do not join to \(shape)")
    self.shape = shape
    self.parts = parts
    self.master = .parts
  }

  /// The parameters with masters of their own of which this one is made, in the order of its values; itself if it has one.
  public var masters: [Parameter] { parts.isEmpty ? [self] : parts.flatMap(\.masters) }

  /// A parameter with the values of an array, in row-major order of `shape`.
  public convenience init(shape: [Int], values: [Float]) {
    precondition(values.count == shape.reduce(1, *), "\(values.count) values do not fill \(shape)")
    self.init(shape: shape) { destination in _ = destination.update(fromContentsOf: values) }
  }

  /// Values in all.
  public var count: Int { shape.reduce(1, *) }

  /// A copy of the master's values, in row-major order of ``shape``.
  ///
  /// - Throws: What the device throws that holds them; nothing for values of the host.
  public func values() throws(DeviceError) -> [Float] {
    switch master {
    case .device(let buffer, let backend, let start, let version) where parts.isEmpty || version == self.version:
      return Array(try backend.read(buffer)[start..<start + count])
    case .host(let fill):
      return .init(unsafeUninitializedCapacity: count) { destination, filled in
        destination.initialize(repeating: 0)
        fill(.init(rebasing: destination[..<count]))
        filled = count
      }
    case .device, .parts:
      var joined: [Float] = []
      joined.reserveCapacity(count)
      for part in parts { joined += try part.values() }
      return joined
    }
  }

  /// The buffer that holds these values and no others, if they lie on a device.
  public var buffer: Buffer? {
    guard case .device(let buffer, _, _, let version) = master, buffer.count == count,
      parts.isEmpty || version == self.version
    else { return nil }
    return buffer
  }

  /// Replaces the master, or those of the parts; forms prepared from the old one are made anew when next asked for.
  public func update(_ values: [Float]) {
    precondition(values.count == count, "\(values.count) values do not fill \(shape)")
    var start = 0
    for part in parts {
      part.update(Array(values[start..<start + part.count]))
      start += part.count
    }
    replaceMaster(parts.isEmpty ? .host { _ = $0.update(fromContentsOf: values) } : .parts)
  }

  /// Lets the master, or those of the parts, lie in a buffer from now on, and says that its values are new.
  ///
  /// Nothing is copied. Whoever changes the buffer adopts it again: forms are made anew by the version.
  ///
  /// - Parameters:
  ///   - buffer: As many values as the parameter has, in row-major order of ``shape``.
  ///   - backend: The device that holds them; it is kept.
  public func adopt(_ buffer: Buffer, on backend: any MemoryOperations) {
    precondition(buffer.count == count, "\(buffer.count) values do not fill \(shape)")
    adopt(buffer, on: backend, from: 0)
  }

  private func adopt(_ buffer: Buffer, on backend: any MemoryOperations, from start: Int) {
    var next = start
    for part in parts {
      part.adopt(buffer, on: backend, from: next)
      next += part.count
    }
    replaceMaster(.device(buffer, backend, start: start, version: version))
  }

  private func replaceMaster(_ master: Master) {
    self.master = master
    if parts.isEmpty { ownVersion += 1 }
    forms.removeAll()
  }

  /// The form that `backend` keeps for `purpose`, made when there is none yet.
  ///
  /// - Parameters:
  ///   - purpose: What the form is for: a value that is equal for equal forms.
  ///   - backend: Whose it is.
  ///   - make: Makes the form from ``buffer`` or ``values()``, or nothing after a failure.
  public func prepared<Form: AnyObject>(
    for purpose: some Hashable & Sendable, by backend: any Backend, make: () -> Form?
  ) -> Form? {
    let key = FormKey(backend: ObjectIdentifier(backend), purpose: AnyHashable(purpose)), version = version
    if let prepared = forms[key], prepared.backend === backend, prepared.version == version,
      let form = prepared.form as? Form
    {
      return form
    }
    guard let form = make() else { return nil }
    forms[key] = PreparedForm(backend: backend, version: version, form: form)
    return form
  }

  /// Forgets every prepared form, so that a backend may go away or give its memory back.
  public func discardPreparedForms() { forms.removeAll() }
}
