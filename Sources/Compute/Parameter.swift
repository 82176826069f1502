/// A learned value of a network: a 32-bit master, and the forms that backends prepare from it.
///
/// Masters stay where they come from (a mapped file, an array) and are asked for only when a form is prepared: a packed
/// filter, a transformed filter, a copy on a device. Forms are kept by (backend, purpose) for as long as the version of
/// the master holds, so that training may change it.
public final class Parameter {
  /// The extents of the master, as PyTorch writes them (`[out, in, kernel, kernel]` for a filter).
  public let shape: [Int]
  /// How often the master has changed.
  public var version: Int { parts.reduce(ownVersion) { $0 + $1.version } }

  private var ownVersion = 0
  /// The parameters whose values this one joins; empty for one with a master of its own.
  private let parts: [Parameter]
  private var source: (UnsafeMutableBufferPointer<Float>) -> Void
  private var forms: [FormKey: PreparedForm] = [:]
  private var derived: [String: (version: Int, parameter: Parameter)] = [:]

  private struct FormKey: Hashable {
    let backend: ObjectIdentifier
    let purpose: String
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
    self.source = fill
  }

  /// A parameter that has the values of others one after the other, now and whenever they change.
  public init(joining parts: [Parameter], shape: [Int]) {
    precondition(
      parts.reduce(0) { $0 + $1.count } == shape.reduce(1, *), "\(parts.map(\.shape)) do not join to \(shape)")
    self.shape = shape
    self.parts = parts
    self.source = { destination in
      var start = 0
      for part in parts {
        _ = UnsafeMutableBufferPointer(rebasing: destination[start...]).update(fromContentsOf: part.values())
        start += part.count
      }
    }
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
  public func values() -> [Float] {
    .init(unsafeUninitializedCapacity: count) { destination, filled in
      destination.initialize(repeating: 0)
      source(.init(rebasing: destination[..<count]))
      filled = count
    }
  }

  /// Replaces the master, or those of the parts; forms prepared from the old one are made anew when next asked for.
  public func update(_ values: [Float]) {
    precondition(values.count == count, "\(values.count) values do not fill \(shape)")
    if parts.isEmpty {
      source = { destination in _ = destination.update(fromContentsOf: values) }
      ownVersion += 1
    } else {
      var start = 0
      for part in parts {
        part.update(Array(values[start..<start + part.count]))
        start += part.count
      }
    }
    forms.removeAll()
    derived.removeAll()
  }

  /// The form that `backend` keeps for `purpose`, made from the master's values when there is none yet.
  public func prepared<Form: AnyObject>(
    for purpose: String, by backend: any Backend, make: ([Float]) -> Form
  ) -> Form {
    let key = FormKey(backend: ObjectIdentifier(backend), purpose: purpose), version = version
    if let prepared = forms[key], prepared.backend === backend, prepared.version == version,
      let form = prepared.form as? Form
    {
      return form
    }
    let form = make(values())
    forms[key] = PreparedForm(backend: backend, version: version, form: form)
    return form
  }

  /// A parameter made from this one's values, such as the filter of an input gradient; kept for as long as they hold.
  public func derived(for purpose: String, shape: [Int], make: @escaping ([Float]) -> [Float]) -> Parameter {
    if let known = derived[purpose], known.version == version { return known.parameter }
    let parameter = Parameter(shape: shape) { [unowned self] destination in
      _ = destination.update(fromContentsOf: make(values()))
    }
    derived[purpose] = (version, parameter)
    return parameter
  }

  /// Forgets every prepared form, so that a backend may go away or give its memory back.
  public func discardPreparedForms() {
    forms.removeAll()
    derived.removeAll()
  }
}
