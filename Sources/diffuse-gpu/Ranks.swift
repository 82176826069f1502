import ArgumentParser
import DiffuseGPU
import Foundation

/// A command whose work several processes share out.
protocol RankedCommand: ParsableCommand {}

/// The processes that a launcher of MPI started together with this one.
enum Ranks {
  /// What started several processes, or nil if this one is alone.
  static let launcher = Launcher { name in ProcessInfo.processInfo.environment[name] }

  nonisolated(unsafe) private static var connected: MPICommunicator?

  /// Whether this process speaks to the user: it knows of no others, or is the first.
  static var isRoot: Bool {
    if let connected { return connected.isRoot }
    guard let launcher, launcher.speaksMPI else { return true }
    return launcher.rank == 0
  }

  /// Refuses to do the same thing several times: most commands are for one process.
  static func check(_ command: any ParsableCommand) throws(CommandError) {
    guard let launcher, launcher.kind != .slurm, !(command is any RankedCommand) else { return }
    throw CommandError(
      "started \(launcher.size) times by \(launcher.kind.rawValue); sample, train and evaluate share their work out"
    )
  }

  /// Whether the ranks have found each other.
  static var isConnected: Bool { connected != nil }

  /// The ranks of the run; the process alone if no launcher started several.
  ///
  /// - Throws: `CommunicationError` if a launcher did, and they do not find each other.
  static func connect() throws -> any Communicator {
    if let connected { return connected }
    guard let launcher else { return SingleProcess() }
    // An empty variable is as if it were not set.
    let library = ProcessInfo.processInfo.environment["DIFFUSE_MPI"].flatMap { $0.isEmpty ? nil : $0 }
    let communicator = try launcher.connect(library: library)
    connected = communicator
    return communicator
  }

  /// The share of this machine's cores that a process takes which shares it with others; nil for all that it may use, which are its
  /// share already where the launcher bound it to some.
  static var threads: Int? {
    guard connected != nil, let local = launcher?.localSize, local > 1, !isBound else { return nil }
    return max(1, ProcessInfo.processInfo.processorCount / local)
  }

  /// Whether the launcher lets this process run on some of the machine's cores only.
  private static var isBound: Bool {
    ProcessInfo.processInfo.activeProcessorCount < ProcessInfo.processInfo.processorCount
  }

  /// What the user should know of cores that no rank uses; Open MPI binds few ranks to a core each.
  static var bindingNotice: String? {
    let machine = ProcessInfo.processInfo
    guard connected != nil, let local = launcher?.localSize, isBound,
      machine.activeProcessorCount * local < machine.processorCount
    else { return nil }
    return
      "the launcher binds each of \(local) ranks to \(machine.activeProcessorCount) of \(machine.processorCount) cores; "
      + "mpirun --bind-to none lets them share all"
  }

  /// Ends a run that came to its end: all ranks have.
  static func finish() { connected?.finish() }

  /// Ends a run that failed here: other ranks would wait for this one for ever.
  static func abort(_ status: Int32) {
    guard let connected else { return }
    connected.abort(status: status)
  }

  /// Leaves a fault that all ranks share to the first, which ends this process while it waits.
  static func letRootSpeak() {
    guard let connected, !connected.isRoot else { return }
    Thread.sleep(forTimeInterval: 1)
  }
}
