import COpenCL
import Compute

/// The names of OpenCL's status codes, as its specification writes them without their prefix.
private let statusNames: [Int32: String] = [
  -1: "DEVICE_NOT_FOUND", -2: "DEVICE_NOT_AVAILABLE", -3: "COMPILER_NOT_AVAILABLE",
  -4: "MEM_OBJECT_ALLOCATION_FAILURE", -5: "OUT_OF_RESOURCES", -6: "OUT_OF_HOST_MEMORY",
  -7: "PROFILING_INFO_NOT_AVAILABLE", -8: "MEM_COPY_OVERLAP", -11: "BUILD_PROGRAM_FAILURE", -12: "MAP_FAILURE",
  -13: "MISALIGNED_SUB_BUFFER_OFFSET", -14: "EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST", -15: "COMPILE_PROGRAM_FAILURE",
  -16: "LINKER_NOT_AVAILABLE", -17: "LINK_PROGRAM_FAILURE", -30: "INVALID_VALUE", -31: "INVALID_DEVICE_TYPE",
  -32: "INVALID_PLATFORM", -33: "INVALID_DEVICE", -34: "INVALID_CONTEXT", -35: "INVALID_QUEUE_PROPERTIES",
  -36: "INVALID_COMMAND_QUEUE", -37: "INVALID_HOST_PTR", -38: "INVALID_MEM_OBJECT", -42: "INVALID_BINARY",
  -43: "INVALID_BUILD_OPTIONS", -44: "INVALID_PROGRAM", -45: "INVALID_PROGRAM_EXECUTABLE", -46: "INVALID_KERNEL_NAME",
  -47: "INVALID_KERNEL_DEFINITION", -48: "INVALID_KERNEL", -49: "INVALID_ARG_INDEX", -50: "INVALID_ARG_VALUE",
  -51: "INVALID_ARG_SIZE", -52: "INVALID_KERNEL_ARGS", -53: "INVALID_WORK_DIMENSION", -54: "INVALID_WORK_GROUP_SIZE",
  -55: "INVALID_WORK_ITEM_SIZE", -56: "INVALID_GLOBAL_OFFSET", -57: "INVALID_EVENT_WAIT_LIST", -58: "INVALID_EVENT",
  -59: "INVALID_OPERATION", -61: "INVALID_BUFFER_SIZE", -63: "INVALID_GLOBAL_WORK_SIZE",
  -1001: "PLATFORM_NOT_FOUND",
]

/// A status code by its name, or by its number if the specification of OpenCL 1.2 does not know it.
func statusName(_ status: Int32) -> String {
  statusNames[status] ?? "status \(status)"
}

extension DeviceError.Reason {
  /// What a status code means for who asked: memory that ran out is told apart from all else.
  init(status: Int32) {
    self = status == CL_MEM_OBJECT_ALLOCATION_FAILURE || status == CL_OUT_OF_HOST_MEMORY ? .outOfMemory : .execution
  }
}
