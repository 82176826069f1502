import FlyingFox
import Foundation
import Testing

import Serving

@Suite("What a server takes requests from")
struct RequestGuardTests {
  private func request(_ headers: [HTTPHeader: String], body: Data = Data()) -> HTTPRequest {
    HTTPRequest(method: .GET, version: .http11, path: "/", query: [], headers: headers, body: body)
  }

  private func isTaken(_ guardian: RequestGuard, _ host: String?, _ origin: String? = nil) -> Bool {
    var headers: [HTTPHeader: String] = [:]
    headers[.host] = host
    headers[HTTPHeader("Origin")] = origin
    do {
      try guardian.check(request(headers))
      return true
    } catch {
      #expect(error.kind == .forbidden)
      return false
    }
  }

  @Test("The server's own names and port, and no others")
  func hosts() {
    let guardian = RequestGuard(host: "127.0.0.1", port: 8017)
    for host in ["127.0.0.1:8017", "localhost:8017", "LOCALHOST:8017", "[::1]:8017"] {
      #expect(isTaken(guardian, host), "\(host)")
    }
    for host in [
      nil, "", "evil.example", "evil.example:8017", "127.0.0.1", "127.0.0.1:8018", "localhost",
      "127.0.0.1:8017.evil.example",
      "10.0.0.1:8017",
    ] {
      #expect(!isTaken(guardian, host), "\(host ?? "none")")
    }
  }

  @Test("An origin is the server's own, or there is none")
  func origins() {
    let guardian = RequestGuard(host: "127.0.0.1", port: 8017), host = "127.0.0.1:8017"
    for origin in ["http://127.0.0.1:8017", "http://localhost:8017"] { #expect(isTaken(guardian, host, origin)) }
    for origin in ["null", "http://evil.example", "https://127.0.0.1:8017", "http://127.0.0.1:80", "file://", ""] {
      #expect(!isTaken(guardian, host, origin), "\(origin)")
    }
  }

  @Test("Bound to all addresses it takes addresses in numbers and still no foreign names")
  func wildcard() {
    let guardian = RequestGuard(host: "0.0.0.0", port: 80)
    for host in ["192.0.2.7", "192.0.2.7:80", "localhost", "[2001:db8::1]:80"] { #expect(isTaken(guardian, host)) }
    for host in ["evil.example", "192.0.2.7.evil.example", "192.0.2", "192.0.2.777"] {
      #expect(!isTaken(guardian, host), "\(host)")
    }
  }

  @Test("A body that is too large is refused")
  func bodies() async throws {
    let guardian = RequestGuard(host: "127.0.0.1", port: 1)
    let most = Data(count: RequestGuard.largestBody)
    #expect(try await guardian.body(of: request([:], body: most)) == most)
    let refusal = await #expect(throws: Refusal.self) {
      try await guardian.body(of: request([:], body: most + [0]))
    }
    #expect(refusal?.kind == .large)
  }
}
