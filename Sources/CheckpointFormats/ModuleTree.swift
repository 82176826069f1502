import Files

/// A module of PyTorch that was pickled as an object: its tables of parameters, buffers and modules, looked at as data.
enum ModuleTree {
  /// Deeper than any network; it bounds the recursion.
  private static let deepest = 64
  /// More values than a network is made with.
  private static let mostArguments = 10_000
  /// More places than the tables of a network have.
  private static let mostPlaces = 200_000

  /// The parameters and buffers of a module and of all modules in it, by their names joined with dots.
  ///
  /// - Throws: `FileError` if modules are nested too deeply, or one is held twice, as no network of a file does.
  static func tensors(of module: PickleValue, path: String) throws(FileError) -> [(name: String, value: PickleValue)] {
    var walk = Walk(path: path)
    try walk.add(module, prefix: "", depth: 0)
    return walk.tensors
  }

  /// A walk through modules, each of which is met once.
  private struct Walk {
    let path: String
    var tensors: [(name: String, value: PickleValue)] = []
    private var met: Set<Int> = []
    private var left = mostPlaces

    init(path: String) {
      self.path = path
    }

    mutating func add(_ module: PickleValue, prefix: String, depth: Int) throws(FileError) {
      guard depth < deepest, prefix.utf8.count < 1000 else {
        throw FileError(path, "its modules are nested too deeply")
      }
      guard let identity = module.identity, met.insert(identity).inserted else {
        throw FileError(path, "module '\(prefix.dropLast())' is held twice, or is no module")
      }
      for table in ["_parameters", "_buffers"] {
        for (name, value) in try members(table, of: module, prefix) {
          tensors.append((prefix + name, value))
        }
      }
      for (name, value) in try members("_modules", of: module, prefix) {
        try add(value, prefix: "\(prefix)\(name).", depth: depth + 1)
      }
    }

    /// What a table holds, without the places that are empty.
    private mutating func members(
      _ name: String, of module: PickleValue, _ prefix: String
    ) throws(FileError) -> [(name: String, value: PickleValue)] {
      let table = module.attributes?[name]
      // Modules may share a table, which would be looked through for each.
      left -= table?.itemCount ?? 0
      guard left > 0 else { throw FileError(path, "its modules have more tensors than any network") }
      guard let members = table?.members else { throw FileError(path, "module '\(prefix.dropLast())' has no \(name)") }
      return members.filter { !$0.value.isNone }
    }
  }

  /// What a network was made with: its `_init_kwargs`.
  ///
  /// - Throws: `FileError` if there are more values than any network has, or one is no plain data.
  static func arguments(of module: PickleValue, path: String) throws(FileError) -> JSONValue? {
    guard let arguments = module.attributes?["_init_kwargs"] else { return nil }
    var left = mostArguments
    return try json(arguments, name: "_init_kwargs", depth: 0, path: path, left: &left)
  }

  private static func json(
    _ value: PickleValue, name: String, depth: Int, path: String, left: inout Int
  ) throws(FileError) -> JSONValue {
    left -= 1 + value.itemCount
    guard left > 0, depth < deepest else { throw FileError(path, "_init_kwargs has more values than any network") }
    if value.isNone { return .null }
    if let flag = value.boolean { return .boolean(flag) }
    if let number = value.number { return .number(number) }
    if let text = value.text { return .string(text) }
    if let members = value.members {
      var object: [String: JSONValue] = [:]
      for (key, member) in members {
        object[key] = try json(member, name: "\(name).\(key)", depth: depth + 1, path: path, left: &left)
      }
      return .object(object)
    }
    guard let elements = value.elements else { throw FileError(path, "\(name) is \(value.kind), not plain data") }
    var array: [JSONValue] = []
    for element in elements {
      array.append(try json(element, name: name, depth: depth + 1, path: path, left: &left))
    }
    return .array(array)
  }
}
