/// Why a study cannot begin or go on; each case is one line for the user.
public enum StudyError: Error, Sendable, Hashable {
  /// Statistics, a classifier or data that the study needs and that the model does not carry.
  case missing(String)
  /// Values that are not finite where numbers are needed, and whose they are.
  case notFinite(String)
  /// An exact world that the study cannot be of, and why.
  case world(name: String, fault: String)
  /// A folder that holds the cells of another study, and the first fact in which the two differ.
  case otherStudy(folder: String, fact: String, asked: String, recorded: String)
}

extension StudyError: CustomStringConvertible {
  /// The line.
  public var description: String {
    switch self {
    case .missing(let what): what
    case .notFinite(let what): "the \(what) are not finite (NaN or infinity)"
    case .world(let name, let fault): "\(name): \(fault)"
    case .otherStudy(let folder, let fact, let asked, let recorded):
      "\(folder): holds a study whose \(fact) is \(recorded), not \(asked); name another folder"
    }
  }
}
