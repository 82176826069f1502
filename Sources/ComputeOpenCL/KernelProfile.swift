import COpenCL
import Compute

/// The times of kernels, from the events that the driver keeps of each launch.
final class KernelProfile {
  private var pending: [(kernel: String, event: cl_event)] = []
  private var sums: [String: (launches: Int, nanoseconds: UInt64)] = [:]

  deinit { for (_, event) in pending { _ = opencl_ReleaseEvent(event) } }

  /// Keeps the event of a launch until the next wait.
  func add(_ event: cl_event, of kernel: String) { pending.append((kernel, event)) }

  /// Adds up the events of work that is done; returns the status of the first that the driver does not tell.
  func collect() -> Int32 {
    var failure = CL_SUCCESS
    for (kernel, event) in pending {
      var (begin, end) = (cl_ulong(0), cl_ulong(0))
      let size = MemoryLayout<cl_ulong>.size
      let first = opencl_GetEventProfilingInfo(event, cl_uint(CL_PROFILING_COMMAND_START), size, &begin, nil)
      let last = opencl_GetEventProfilingInfo(event, cl_uint(CL_PROFILING_COMMAND_END), size, &end, nil)
      if failure == CL_SUCCESS { failure = first == CL_SUCCESS ? last : first }
      sums[kernel, default: (0, 0)].launches += 1
      sums[kernel, default: (0, 0)].nanoseconds += end > begin ? end - begin : 0
      _ = opencl_ReleaseEvent(event)
    }
    pending.removeAll()
    return failure
  }

  /// The sums so far, the costliest first.
  var timings: [KernelTiming] {
    sums.map { .init(name: $0.key, launches: $0.value.launches, seconds: 1e-9 * Double($0.value.nanoseconds)) }
      .sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) }
  }
}
