/// Why a study cannot begin or go on; each case is one line for the user.
public enum StudyError: Error, Sendable, Hashable {
  /// Statistics, a classifier or data that the study needs and that the model does not carry.
  case missing(String)
}

extension StudyError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .missing(let what): what
    }
  }
}
