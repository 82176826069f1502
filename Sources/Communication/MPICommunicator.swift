import CMPI

/// The ranks of MPI, whose library is opened at run time.
///
/// Right for Open MPI 4 and 5, for the family of MPICH and for the binary interface of MPI 5; see `CMPI`.
public final class MPICommunicator: Communicator {
  /// The number of this process.
  public let rank: Int
  /// The number of processes.
  public let size: Int
  /// The library's name and version.
  public let name: String

  /// Begins MPI, once in the life of the process.
  init(library: String?, prefersOpenMPI: Bool) throws(CommunicationError) {
    if let fault = mpi_open(library, prefersOpenMPI ? 1 : 0) { throw .library(fault: String(cString: fault)) }
    (rank, size) = (Int(mpi_rank()), Int(mpi_size()))
    name = String(cString: mpi_library_version())
  }

  /// One message each way.
  public func exchange(
    _ sent: UnsafeRawBufferPointer, to target: Int, _ received: UnsafeMutableRawBufferPointer, from source: Int
  ) {
    mpi_exchange(
      sent.baseAddress, Int32(sent.count), Int32(target), received.baseAddress, Int32(received.count), Int32(source))
  }

  /// Waits for all ranks and ends MPI.
  public func finish() { mpi_finalize() }

  /// Ends all ranks at once.
  public func abort(status: Int32) -> Never { mpi_abort(status) }
}
