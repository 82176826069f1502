import enum Files.JSONValue
import Files
import FlyingFox
import Foundation
import PageFiles
import Studies

/// What the server answers, address by address; see `/api`.
struct Routes: HTTPHandler {
  let models: [ServedModel]
  let queue: JobQueue
  let guardian: RequestGuard
  let version: String
  /// The flags of the device in a command line.
  let deviceFlags: [String]

  func handleRequest(_ request: HTTPRequest) async -> HTTPResponse {
    do {
      try guardian.check(request)
      return try await answer(request)
    } catch let refusal as Refusal {
      return Self.answer(refusal)
    } catch {
      return Self.answer(Refusal(.bad, "\(error)".printable))
    }
  }

  private static func answer(_ refusal: Refusal) -> HTTPResponse {
    var response = document(.object(["error": .string(refusal.message)]), refusal.status)
    // What is left of a body is not read.
    response.headers[.connection] = "close"
    return response
  }

  private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
    let parts = request.path.split(separator: "/").map(String.init)
    switch (request.method, parts.first, parts.dropFirst().first, parts.count) {
    case (.GET, "api", nil, 1): return Self.text(Self.description)
    case (.GET, "api", "models", 2): return Self.document(document)
    case (.GET, "api", "models", 3): return Self.document(try model(parts[2]).json(id: Int(parts[2]) ?? 0))
    case (.GET, "api", "models", 4) where parts[3] == "line": return try line(of: model(parts[2]))
    case (.GET, "api", "world", 2): return Self.document(try world(request).json)
    case (.POST, "api", "jobs", 2): return try await submit(request)
    case (.GET, "api", "jobs", 4) where parts[3] == "events": return try await events(of: number(parts[2]), request)
    case (.GET, "api", "jobs", 3): return try await job(parts[2])
    case (.DELETE, "api", "jobs", 3): return try await cancel(number(parts[2]))
    case (.GET, _, nil, 0...1): return try Self.file(parts.first ?? "")
    case (.GET, _, _, _): throw Refusal(.missing, "nothing is there; /api says what is")
    default: throw Refusal(.method, "\(request.method.rawValue) is not taken there; /api says what is")
    }
  }

  private var document: JSONValue {
    .object([
      "version": .string(version), "device": .string(models.first?.device ?? ""),
      "models": .array(models.enumerated().map { $1.json(id: $0) }),
    ])
  }

  private func model(_ text: String) throws(Refusal) -> ServedModel {
    guard let place = Int(text), models.indices.contains(place) else {
      throw Refusal(.missing, "there is no such model")
    }
    return models[place]
  }

  private func number(_ text: String) throws(Refusal) -> Int {
    guard let number = Int(text) else { throw Refusal(.missing, "there is no such run") }
    return number
  }

  private func line(of model: ServedModel) throws -> HTTPResponse {
    guard let line = model.known.line.finding else { throw Refusal(.early, "the line is not there yet") }
    return Self.document(try line.json)
  }

  private func world(_ request: HTTPRequest) throws(Refusal) -> TwoPoints {
    let share = request.query.first { $0.name == "share" }.flatMap { Double($0.value) }
    return try TwoPoints(share: share ?? .nan)
  }

  private func submit(_ request: HTTPRequest) async throws -> HTTPResponse {
    let body = try await guardian.body(of: request)
    let json = try body.withUnsafeBytes { try JSONValue(parsing: $0, path: "the request") }
    let job = try JobRequest(json, of: models), id = try await queue.submit(job)
    return Self.document(
      .object(["id": .string("\(id)"), "command": .string(job.command(device: deviceFlags))]), .created)
  }

  private func job(_ text: String) async throws -> HTTPResponse {
    if text.hasSuffix(".png") {
      let picture = try await queue.picture(of: number(String(text.dropLast(4))))
      return Self.response(Data(picture), "image/png")
    }
    guard let state = await queue.state(of: try number(text)) else { throw Refusal(.missing, "no run \(text) is kept") }
    return Self.document(.object(["state": .string(state.rawValue)]))
  }

  private func cancel(_ id: Int) async throws -> HTTPResponse {
    guard await queue.state(of: id) != nil else { throw Refusal(.missing, "no run \(id) is kept") }
    await queue.cancel(id)
    return Self.response(Data(), nil, .noContent)
  }

  private func events(of id: Int, _ request: HTTPRequest) async throws -> HTTPResponse {
    guard await queue.join(id) else { throw Refusal(.missing, "no run \(id) is kept") }
    let known = request.headers[HTTPHeader("Last-Event-ID")].flatMap { Int($0) } ?? 0
    var response = HTTPResponse(
      statusCode: .ok, body: HTTPBodySequence(from: EventStream(queue: queue, job: id, known: known)))
    Self.mark(&response, "text/event-stream")
    return response
  }
}

extension Routes {
  private static func file(_ name: String) throws(Refusal) -> HTTPResponse {
    var count = 0
    guard let files = page_files(&count),
      let file = UnsafeBufferPointer(start: files, count: count).first(where: { String(cString: $0.name) == name })
    else { throw Refusal(.missing, "nothing is there; /api says what is") }
    return response(Data(bytes: file.bytes, count: file.length), String(cString: file.type))
  }

  private static func document(_ json: JSONValue, _ status: HTTPStatusCode = .ok) -> HTTPResponse {
    response(Data((json.line + "\n").utf8), "application/json", status)
  }

  private static func text(_ text: String) -> HTTPResponse {
    response(Data(text.utf8), "text/plain; charset=utf-8")
  }

  private static func response(_ body: Data, _ type: String?, _ status: HTTPStatusCode = .ok) -> HTTPResponse {
    var response = HTTPResponse(statusCode: status, body: body)
    mark(&response, type)
    return response
  }

  /// Headers by which a browser takes nothing from elsewhere and keeps nothing.
  private static func mark(_ response: inout HTTPResponse, _ type: String?) {
    response.headers[.contentType] = type
    response.headers[HTTPHeader("Content-Security-Policy")] =
      "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    response.headers[HTTPHeader("Cache-Control")] = "no-store"
    response.headers[HTTPHeader("X-Content-Type-Options")] = "nosniff"
    response.headers[HTTPHeader("Cross-Origin-Resource-Policy")] = "same-origin"
    response.headers[HTTPHeader("Referrer-Policy")] = "no-referrer"
  }
}
