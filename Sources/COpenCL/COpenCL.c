#include "COpenCL.h"

#include <dlfcn.h>
#include <glob.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define EACH_ENTRY(ENTRY) \
  ENTRY(GetPlatformIDs) ENTRY(GetPlatformInfo) ENTRY(GetDeviceIDs) ENTRY(GetDeviceInfo) ENTRY(CreateContext) \
  ENTRY(ReleaseContext) ENTRY(CreateCommandQueue) ENTRY(ReleaseCommandQueue) ENTRY(CreateBuffer) \
  ENTRY(CreateSubBuffer) ENTRY(ReleaseMemObject) ENTRY(EnqueueWriteBuffer) ENTRY(EnqueueReadBuffer) \
  ENTRY(EnqueueNDRangeKernel) ENTRY(Flush) ENTRY(Finish) ENTRY(CreateProgramWithSource) \
  ENTRY(CreateProgramWithBinary) ENTRY(BuildProgram) ENTRY(GetProgramInfo) ENTRY(GetProgramBuildInfo) \
  ENTRY(ReleaseProgram) ENTRY(CreateKernel) ENTRY(SetKernelArg) ENTRY(GetKernelInfo) ENTRY(ReleaseKernel) \
  ENTRY(GetEventProfilingInfo) ENTRY(ReleaseEvent)

#define POINTER(name) __typeof__(&cl##name) name;
static struct {
  EACH_ENTRY(POINTER)
} entries;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const char *failure;
static char missing[128];

#define LOOK_UP(name) \
  entries.name = (__typeof__(entries.name))dlsym(loader, "cl" #name); \
  if (!entries.name) absent = "cl" #name;

// Containers may ship NVIDIA's driver without the file that registers it: where no driver is registered, it is named to the loader
// (ocl-icd by the first variable, Khronos' by the second), unless the user has named some.
static void name_unregistered_driver(void) {
  static const char *const places[] = {"libnvidia-opencl.so.1", "/usr/local/nvidia/lib64/libnvidia-opencl.so.1"};
  if (getenv("OCL_ICD_VENDORS") || getenv("OPENCL_VENDOR_PATH") || getenv("OCL_ICD_FILENAMES")) return;
  glob_t registrations;
  int is_registered = glob("/etc/OpenCL/vendors/*.icd", 0, NULL, &registrations) == 0;
  globfree(&registrations);
  for (size_t place = 0; !is_registered && place < sizeof places / sizeof places[0]; place++) {
    void *driver = dlopen(places[place], RTLD_LAZY | RTLD_LOCAL);
    if (!driver) continue;
    dlclose(driver);
    setenv("OCL_ICD_VENDORS", places[place], 0);
    setenv("OCL_ICD_FILENAMES", places[place], 0);
    return;
  }
}

static void load(void) {
  name_unregistered_driver();
  void *loader = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!loader) {
    failure = "the OpenCL loader libOpenCL.so.1 is not installed (Debian: ocl-icd-libopencl1)";
    return;
  }
  const char *absent = NULL;
  EACH_ENTRY(LOOK_UP)
  if (absent) {
    snprintf(missing, sizeof missing, "the OpenCL loader libOpenCL.so.1 lacks %s of OpenCL 1.2", absent);
    failure = missing;
  }
}

const char *opencl_open(void) {
  pthread_once(&once, load);
  return failure;
}

cl_int opencl_GetPlatformIDs(cl_uint count, cl_platform_id *platforms, cl_uint *found) {
  return entries.GetPlatformIDs(count, platforms, found);
}

cl_int opencl_GetPlatformInfo(cl_platform_id platform, cl_platform_info name, size_t size, void *value,
    size_t *needed) {
  return entries.GetPlatformInfo(platform, name, size, value, needed);
}

cl_int opencl_GetDeviceIDs(cl_platform_id platform, cl_device_type type, cl_uint count, cl_device_id *devices,
    cl_uint *found) {
  return entries.GetDeviceIDs(platform, type, count, devices, found);
}

cl_int opencl_GetDeviceInfo(cl_device_id device, cl_device_info name, size_t size, void *value, size_t *needed) {
  return entries.GetDeviceInfo(device, name, size, value, needed);
}

cl_context opencl_CreateContext(const cl_context_properties *properties, cl_uint count, const cl_device_id *devices,
    void (*notify)(const char *, const void *, size_t, void *), void *user, cl_int *error) {
  return entries.CreateContext(properties, count, devices, notify, user, error);
}

cl_int opencl_ReleaseContext(cl_context context) {
  return entries.ReleaseContext(context);
}

cl_command_queue opencl_CreateCommandQueue(cl_context context, cl_device_id device,
    cl_command_queue_properties properties, cl_int *error) {
  return entries.CreateCommandQueue(context, device, properties, error);
}

cl_int opencl_ReleaseCommandQueue(cl_command_queue queue) {
  return entries.ReleaseCommandQueue(queue);
}

cl_mem opencl_CreateBuffer(cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *error) {
  return entries.CreateBuffer(context, flags, size, host, error);
}

cl_mem opencl_CreateSubBuffer(cl_mem buffer, cl_mem_flags flags, cl_buffer_create_type type, const void *region,
    cl_int *error) {
  return entries.CreateSubBuffer(buffer, flags, type, region, error);
}

cl_int opencl_ReleaseMemObject(cl_mem memory) {
  return entries.ReleaseMemObject(memory);
}

cl_int opencl_EnqueueWriteBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
    const void *source, cl_uint waits, const cl_event *events, cl_event *event) {
  return entries.EnqueueWriteBuffer(queue, buffer, blocking, offset, size, source, waits, events, event);
}

cl_int opencl_EnqueueReadBuffer(cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
    void *destination, cl_uint waits, const cl_event *events, cl_event *event) {
  return entries.EnqueueReadBuffer(queue, buffer, blocking, offset, size, destination, waits, events, event);
}

cl_int opencl_EnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
    const size_t *offsets, const size_t *global, const size_t *local, cl_uint waits, const cl_event *events,
    cl_event *event) {
  return entries.EnqueueNDRangeKernel(queue, kernel, dimensions, offsets, global, local, waits, events, event);
}

cl_int opencl_GetEventProfilingInfo(cl_event event, cl_profiling_info name, size_t size, void *value, size_t *needed) {
  return entries.GetEventProfilingInfo(event, name, size, value, needed);
}

cl_int opencl_ReleaseEvent(cl_event event) {
  return entries.ReleaseEvent(event);
}

cl_int opencl_Flush(cl_command_queue queue) {
  return entries.Flush(queue);
}

cl_int opencl_Finish(cl_command_queue queue) {
  return entries.Finish(queue);
}

cl_program opencl_CreateProgramWithSource(cl_context context, cl_uint count, const char **texts,
    const size_t *lengths, cl_int *error) {
  return entries.CreateProgramWithSource(context, count, texts, lengths, error);
}

cl_program opencl_CreateProgramWithBinary(cl_context context, cl_uint count, const cl_device_id *devices,
    const size_t *lengths, const unsigned char **binaries, cl_int *status, cl_int *error) {
  return entries.CreateProgramWithBinary(context, count, devices, lengths, binaries, status, error);
}

cl_int opencl_BuildProgram(cl_program program, cl_uint count, const cl_device_id *devices, const char *options,
    void (*notify)(cl_program, void *), void *user) {
  return entries.BuildProgram(program, count, devices, options, notify, user);
}

cl_int opencl_GetProgramInfo(cl_program program, cl_program_info name, size_t size, void *value, size_t *needed) {
  return entries.GetProgramInfo(program, name, size, value, needed);
}

cl_int opencl_GetProgramBuildInfo(cl_program program, cl_device_id device, cl_program_build_info name, size_t size,
    void *value, size_t *needed) {
  return entries.GetProgramBuildInfo(program, device, name, size, value, needed);
}

cl_int opencl_ReleaseProgram(cl_program program) {
  return entries.ReleaseProgram(program);
}

cl_kernel opencl_CreateKernel(cl_program program, const char *name, cl_int *error) {
  return entries.CreateKernel(program, name, error);
}

cl_int opencl_SetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value) {
  return entries.SetKernelArg(kernel, index, size, value);
}

cl_int opencl_GetKernelInfo(cl_kernel kernel, cl_kernel_info name, size_t size, void *value, size_t *needed) {
  return entries.GetKernelInfo(kernel, name, size, value, needed);
}

cl_int opencl_ReleaseKernel(cl_kernel kernel) {
  return entries.ReleaseKernel(kernel);
}
