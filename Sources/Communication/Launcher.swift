/// What started the processes of a run, as their environment tells.
public struct Launcher: Sendable, Hashable {
  /// The kinds of launchers.
  public enum Kind: String, Sendable, Hashable {
    /// `mpirun` of Open MPI.
    case openMPI = "Open MPI's mpirun"
    /// `mpiexec` of MPICH and its relatives.
    case mpich = "MPICH's mpiexec"
    /// Another process manager of MPI, such as Slurm's.
    case managed = "a process manager"
    /// `srun` without a process manager of MPI.
    case slurm = "srun"
    /// `torchrun`, which speaks no MPI.
    case torch = "torchrun"
  }

  /// The launcher.
  public let kind: Kind
  /// How many processes it started.
  public let size: Int
  /// The number of this one among them.
  public let rank: Int
  /// The number of this process among those of its machine.
  public let localRank: Int
  /// How many there are on this machine.
  public let localSize: Int

  /// Finds out who started this process, nil if nobody started several.
  ///
  /// - Parameter environment: The value of a variable, nil if it is not set.
  public init?(environment: (String) -> String?) {
    func number(_ name: String) -> Int? { environment(name).flatMap { Int($0) } }
    func first(_ names: String...) -> Int? { names.compactMap { number($0) }.first }
    let candidates: [(kind: Kind, size: Int?, rank: Int?)] = [
      (.openMPI, number("OMPI_COMM_WORLD_SIZE"), number("OMPI_COMM_WORLD_RANK")),
      (.mpich, number("PMI_SIZE"), number("PMI_RANK")),
      (.managed, number("SLURM_STEP_NUM_TASKS"), number("PMIX_RANK")),
      (.slurm, number("SLURM_STEP_NUM_TASKS"), number("SLURM_PROCID")),
      (.torch, environment("MASTER_ADDR") == nil ? nil : number("WORLD_SIZE"), number("RANK")),
    ]
    for (kind, size, rank) in candidates {
      guard let size, let rank, size > 1, 0..<size ~= rank else { continue }
      let localRank = first("OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID", "LOCAL_RANK")
      let localSize = first("OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "LOCAL_WORLD_SIZE")
      self.init(kind: kind, size: size, rank: rank, localRank: localRank ?? 0, localSize: localSize ?? 1)
      return
    }
    return nil
  }

  init(kind: Kind, size: Int, rank: Int, localRank: Int, localSize: Int) {
    (self.kind, self.size, self.rank) = (kind, size, rank)
    (self.localRank, self.localSize) = (max(0, localRank), max(1, localSize, localRank + 1))
  }

  /// Whether its processes can find each other by MPI.
  public var speaksMPI: Bool {
    switch kind {
    case .openMPI, .mpich, .managed: true
    case .slurm, .torch: false
    }
  }

  /// The processes that it started, connected.
  ///
  /// - Parameter library: The file of an MPI library, or nil for the first that is found.
  /// - Throws: ``CommunicationError`` if it speaks no MPI, there is no library, or the library is another's than the launcher.
  public func connect(library: String?) throws(CommunicationError) -> MPICommunicator {
    guard speaksMPI else { throw .launcher(self) }
    let communicator = try MPICommunicator(library: library, prefersOpenMPI: kind != .mpich)
    guard communicator.size == size else { throw .size(self, found: communicator.size, name: communicator.name) }
    return communicator
  }
}

/// Processes that do not find each other; each is one line for users.
public enum CommunicationError: Error, CustomStringConvertible, Sendable, Hashable {
  /// The launcher speaks no MPI.
  case launcher(Launcher)
  /// There is no library, or it does not begin.
  case library(fault: String)
  /// The library sees another number of processes than the launcher started.
  case size(Launcher, found: Int, name: String)

  /// The fault as one line.
  public var description: String {
    switch self {
    case .launcher(let launcher):
      "started \(launcher.size) times by \(launcher.kind.rawValue), which does not speak MPI; use mpirun, srun --mpi=pmix, "
        + "or --shard i/n"
    case .library(let fault): fault
    case .size(let launcher, let found, let name):
      "started \(launcher.size) times by \(launcher.kind.rawValue), but \(name) sees \(found): launcher and library are not of one "
        + "kind; DIFFUSE_MPI names the library's file"
    }
  }
}
