import CPUKernels
import Compute

/// A kernel's task, as C hands it out.
typealias KernelTask = @convention(c) (UnsafeRawPointer?, Int, UnsafeMutableRawPointer?) -> Void

/// Threads that wait for operations; the caller is one of them.
package final class ThreadPool {
  /// Threads, the caller included.
  let threads: Int
  /// Bytes of scratch that each thread has: the most that a convolution may take, whatever the image.
  package static let scratchBytes = 2 << 20

  private let handle: OpaquePointer

  /// Starts the threads, or returns nil if the system has none left.
  init?(threads: Int) {
    guard let handle = cpu_pool_make(Int32(clamping: threads), Self.scratchBytes) else { return nil }
    self.handle = handle
    self.threads = threads
  }

  deinit {
    cpu_pool_free(handle)
  }

  /// Runs pieces `0 ..< count` of an operation and returns when all are done.
  func run<Arguments>(_ task: KernelTask?, _ arguments: Arguments, count: Int) {
    withUnsafePointer(to: arguments) { cpu_pool_run(handle, task, $0, count) }
  }
}
