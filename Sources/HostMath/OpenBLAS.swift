import COpenBLAS

/// Whether OpenBLAS, which computes on the host's matrices, has the addresses that it needs.
///
/// Its own threads ask for theirs from the moment on when the program is loaded, and its callers with the first call; both try
/// for ever under a narrow limit (`ulimit -v`), and the program's regular end waits for the threads. So who gets false must
/// end the process at once, by `_exit`.
public func hostMathHasAddresses() -> Bool {
  openblas_has_addresses(max(1, openblas_get_num_threads())) && openblas_reserve(1)
}

/// OpenBLAS keeps to the calling thread; whoever calls it names this first.
///
/// A small matrix that its threads share takes ten times as long, most of it waiting, and sums would be rounded by the number of
/// threads.
let openBLASIsSerial: Void = openblas_set_num_threads(1)
