package import FlyingFox
package import Foundation

/// Refuses what other sites send through a visitor's browser (DNS rebinding, forged requests), and bodies that are too large.
package struct RequestGuard: Sendable {
  private let hosts: Set<String>
  private let takesAnyAddress: Bool

  /// The most bytes of a body.
  package static let largestBody = 1 << 16

  /// A guard of the address that a server listens at.
  ///
  /// - Parameters:
  ///   - host: What the server is bound to.
  ///   - port: The port.
  package init(host: String, port: UInt16) {
    let names = ["127.0.0.1", "localhost", "[::1]", host.contains(":") ? "[\(host)]" : host]
    hosts = Set(names.flatMap { port == 80 ? [$0, "\($0):80"] : ["\($0):\(port)"] })
    // Bound to all addresses, a server does not know its own; names are still refused, since rebinding needs one.
    takesAnyAddress = host == "0.0.0.0" || host == "::"
  }

  /// Checks where a request comes from.
  ///
  /// - Throws: ``Refusal`` of a host or an origin that is not the server's own.
  package func check(_ request: HTTPRequest) throws(Refusal) {
    guard let host = request.headers[.host], isOwn(host) else {
      throw Refusal(.forbidden, "the request names another host")
    }
    if let origin = request.headers[HTTPHeader("Origin")] {
      guard origin.hasPrefix("http://"), isOwn(String(origin.dropFirst("http://".count))) else {
        throw Refusal(.forbidden, "the request comes from another site")
      }
    }
  }

  private func isOwn(_ host: String) -> Bool {
    hosts.contains(host.lowercased()) || takesAnyAddress && Self.isAddress(host)
  }

  /// Whether a host is an address in numbers.
  private static func isAddress(_ host: String) -> Bool {
    if host.hasPrefix("[") { return true }
    let digits = host.split(separator: ":", omittingEmptySubsequences: false)[0].split(
      separator: ".", omittingEmptySubsequences: false)
    return digits.count == 4 && digits.allSatisfy { UInt8($0) != nil }
  }

  /// The body of a request.
  ///
  /// - Throws: ``Refusal`` where it is too large, before most of it is read.
  package func body(of request: HTTPRequest) async throws -> Data {
    let refusal = Refusal(.large, "a body has at most \(Self.largestBody) bytes")
    if let length = request.bodySequence.count, length > Self.largestBody { throw refusal }
    var data = Data()
    for try await part in request.bodySequence {
      data.append(part)
      guard data.count <= Self.largestBody else { throw refusal }
    }
    return data
  }
}
