import COpenBLAS
import Glibc

/// Whether OpenBLAS, which computes on the host's matrices, has the addresses that it needs.
///
/// Its own threads ask for theirs from the moment on when the program is loaded, and its callers with the first call; both try
/// for ever under a narrow limit (`ulimit -v`), and the program's regular end waits for the threads. So who gets false must
/// end the process at once, by `_exit`.
public func hostMathHasAddresses() -> Bool {
  let length = Int(max(1, openblas_get_num_threads())) * Int(openblas_buffer_bytes)
  let trial = mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
  guard let trial, trial != MAP_FAILED else { return false }
  munmap(trial, length)
  return openblas_reserve(1)
}
