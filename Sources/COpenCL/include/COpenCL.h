// The OpenCL loader, opened at run time so that programs start where there is none.
//
// After opencl_open has returned NULL, opencl_X is clX of the OpenCL 1.2 specification, for the entry points below.
#pragma once
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

// Opens libOpenCL.so.1, once in the life of the process. Returns NULL, or one line that says why there is no OpenCL.
const char *opencl_open(void);

cl_int opencl_GetPlatformIDs(cl_uint count, cl_platform_id *platforms, cl_uint *found);
cl_int opencl_GetPlatformInfo(cl_platform_id platform, cl_platform_info name, size_t size, void *value,
    size_t *needed);
cl_int opencl_GetDeviceIDs(cl_platform_id platform, cl_device_type type, cl_uint count, cl_device_id *devices,
    cl_uint *found);
cl_int opencl_GetDeviceInfo(cl_device_id device, cl_device_info name, size_t size, void *value, size_t *needed);
cl_context opencl_CreateContext(const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,
    void (*notify)(const char *, const void *, size_t, void *), void *user, cl_int *error);
cl_int opencl_ReleaseContext(cl_context context);
cl_command_queue opencl_CreateCommandQueue(cl_context context, cl_device_id device,
    cl_command_queue_properties properties, cl_int *error);
cl_int opencl_ReleaseCommandQueue(cl_command_queue queue);
cl_mem opencl_CreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *error);
cl_mem opencl_CreateSubBuffer(cl_mem buffer, cl_mem_flags flags, cl_buffer_create_type type, const void *region,
    cl_int *error);
cl_int opencl_ReleaseMemObject(cl_mem memory);
cl_int opencl_EnqueueWriteBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
    const void *source, cl_uint waits, const cl_event *events, cl_event *event);
cl_int opencl_EnqueueReadBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
    void *destination, cl_uint waits, const cl_event *events, cl_event *event);
cl_int opencl_EnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
    const size_t *offsets, const size_t *global, const size_t *local, cl_uint waits, const cl_event *events,
    cl_event *event);
cl_int opencl_GetEventProfilingInfo(cl_event event, cl_profiling_info name, size_t size, void *value, size_t *needed);
cl_int opencl_ReleaseEvent(cl_event event);
cl_int opencl_Flush(cl_command_queue queue);
cl_int opencl_Finish(cl_command_queue queue);
cl_program opencl_CreateProgramWithSource(cl_context context, cl_uint count, const char **texts,
    const size_t *lengths, cl_int *error);
cl_program opencl_CreateProgramWithBinary(cl_context context, cl_uint count, const cl_device_id *devices,
    const size_t *lengths, const unsigned char **binaries, cl_int *status, cl_int *error);
cl_int opencl_BuildProgram(cl_program program, cl_uint count, const cl_device_id *devices, const char *options,
    void (*notify)(cl_program, void *), void *user);
cl_int opencl_GetProgramInfo(cl_program program, cl_program_info name, size_t size, void *value, size_t *needed);
cl_int opencl_GetProgramBuildInfo(cl_program program, cl_device_id device, cl_program_build_info name, size_t size,
    void *value, size_t *needed);
cl_int opencl_ReleaseProgram(cl_program program);
cl_kernel opencl_CreateKernel(cl_program program, const char *name, cl_int *error);
cl_int opencl_SetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value);
cl_int opencl_GetKernelInfo(cl_kernel kernel, cl_kernel_info name, size_t size, void *value, size_t *needed);
cl_int opencl_ReleaseKernel(cl_kernel kernel);
