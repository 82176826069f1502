import CCrypto
import Foundation

extension MappedFile {
  /// The last component of the path.
  public var name: String { (path as NSString).lastPathComponent }

  /// SHA-256 of the contents in hexadecimal digits, as `sha256sum` prints it.
  public var sha256: String {
    defer { withExtendedLifetime(self) {} }
    return hexadecimalSHA256(of: bytes)
  }
}

/// SHA-256 of values as their bytes lie in memory, in hexadecimal digits.
public func sha256(of values: [Float]) -> String { values.withUnsafeBytes(hexadecimalSHA256) }

/// SHA-256 of bytes, in hexadecimal digits.
public func sha256(of bytes: [UInt8]) -> String { bytes.withUnsafeBytes(hexadecimalSHA256) }

private func hexadecimalSHA256(of bytes: UnsafeRawBufferPointer) -> String {
  var digest = [UInt8](repeating: 0, count: 32)
  let status = EVP_Digest(bytes.baseAddress, bytes.count, &digest, nil, EVP_sha256(), nil)
  precondition(status == 1, "OpenSSL has no SHA-256")
  return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
