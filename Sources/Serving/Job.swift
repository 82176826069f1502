package import Files

/// A run that was asked for, and what has become of it.
package struct Job: Sendable {
  /// How far it is.
  package enum State: String, Sendable {
    case queued, running, done, cancelled, failed

    /// Whether nothing more comes.
    package var isFinal: Bool { self == .done || self == .cancelled || self == .failed }
  }

  /// What its listeners are told; a later one takes the place of one that was not sent yet.
  package struct Event: Sendable {
    /// Rises from 1.
    package let number: Int
    /// The word of the event.
    package let name: String
    package let json: JSONValue
  }

  let request: JobRequest
  var state = State.queued
  /// The newest event.
  var event = Event(number: 0, name: "queued", json: .object([:]))
  /// The finished picture, as `sample` writes it.
  var picture: [UInt8]?
  /// Listeners that have not gone away.
  var listeners = 0
  /// The run.
  var task: Task<Void, Never>?

  init(_ request: JobRequest) { self.request = request }

  /// Takes a new event; a final state comes with the last.
  mutating func tell(_ name: String, _ members: [String: JSONValue] = [:], _ state: State? = nil) {
    event = Event(number: event.number + 1, name: name, json: .object(members))
    if let state { self.state = state }
  }
}
