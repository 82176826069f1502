import Files

/// Something that is found out about a model in the background.
enum Study<Finding: Sendable>: Sendable {
  /// Nobody has begun.
  case waiting
  /// Under way.
  case computing(done: Int, total: Int)
  /// There.
  case ready(Finding)
  /// Not to be had, and why in one line.
  case absent(String)

  var finding: Finding? {
    if case .ready(let finding) = self { finding } else { nil }
  }

  /// The state, with members of a finding that is there.
  func json(_ members: (Finding) -> [String: JSONValue]) -> JSONValue {
    switch self {
    case .waiting: .object(["state": .string("waiting")])
    case .computing(let done, let total):
      .object(["state": .string("computing"), "done": .number(Double(done)), "total": .number(Double(total))])
    case .ready(let finding): .object(members(finding).merging(["state": .string("ready")]) { $1 })
    case .absent(let reason): .object(["state": .string("absent"), "reason": .string(reason)])
    }
  }
}
