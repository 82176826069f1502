import Compute
import Files

extension Backend {
  /// SHA-256 of the variants of kernels that were found by measuring, on which last bits depend; nil if there are none.
  var tuningDigest: String? {
    guard let variants = (self as? any TunableConvolutions)?.tuning.variants, !variants.isEmpty else { return nil }
    return sha256(
      of: Array(variants.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "\n").utf8))
  }
}
