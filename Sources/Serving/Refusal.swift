import FlyingFox

/// A request that is not answered, and why.
package struct Refusal: Error, Sendable, Hashable {
  /// What kind of fault it is, in the numbers of HTTP.
  package enum Kind: Sendable, Hashable {
    /// The request makes no sense, or a number is out of range.
    case bad
    /// It comes from another site.
    case forbidden
    /// Nothing is there.
    case missing
    /// The address takes other methods.
    case method
    /// As many runs wait as may.
    case busy
    /// The body is larger than any request is.
    case large
    /// What is asked for is not there yet.
    case early
  }

  package let kind: Kind
  /// One line.
  package let message: String

  package init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  var status: HTTPStatusCode {
    switch kind {
    case .bad: .badRequest
    case .forbidden: .forbidden
    case .missing: .notFound
    case .method: .methodNotAllowed
    case .busy: .conflict
    case .large: .payloadTooLarge
    case .early: HTTPStatusCode(425, phrase: "Too Early")
    }
  }
}
