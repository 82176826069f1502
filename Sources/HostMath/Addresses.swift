import COpenBLAS

/// Whether OpenBLAS, which computes on the host's matrices, has the addresses that it needs; it keeps them from then on.
///
/// Under a narrow limit (`ulimit -v`) a first call would try to get them for ever, so who is about to compute asks before.
public func hostMathHasAddresses() -> Bool { openblas_reserve(1) }
