#define _GNU_SOURCE
#include "CMPI.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A handle is a pointer (Open MPI, the standard) or an int (MPICH); both travel in a register as one of this size.
typedef uintptr_t handle;

enum { version_bytes = 8192 };

static struct {
  int (*Init_thread)(int *, char ***, int, int *);
  int (*Comm_rank)(handle, int *);
  int (*Comm_size)(handle, int *);
  int (*Sendrecv)(const void *, int, handle, int, int, void *, int, handle, int, int, handle, void *);
  int (*Abort)(handle, int);
  int (*Finalize)(void);
  int (*Get_library_version)(char *, int *);
} mpi;

static handle world, byte;
static int rank, size = 1;
static char version[version_bytes], failure[512];

static const char *fail(const char *format, const char *name) {
  snprintf(failure, sizeof failure, format, name);
  return failure;
}

static void *open_first(const char *const *names, size_t count) {
  void *library = NULL;
  // Its own plug-ins look for its symbols among the global ones.
  for (size_t place = 0; !library && place < count; place++) library = dlopen(names[place], RTLD_NOW | RTLD_GLOBAL);
  return library;
}

static void *open_library(const char *named, int prefers_open_mpi) {
  static const char *const open_mpi[] = {"libmpi.so.40"};
  static const char *const others[] = {"libmpi.so.12", "libmpich.so.12", "libmpi_abi.so.1", "libmpi_abi.so.0"};
  static const char *const any[] = {"libmpi.so"};
  if (named) return dlopen(named, RTLD_NOW | RTLD_GLOBAL);
  void *library = NULL;
  if (prefers_open_mpi) library = open_first(open_mpi, 1);
  if (!library) library = open_first(others, sizeof others / sizeof others[0]);
  if (!library) library = open_first(open_mpi, 1);
  if (!library) library = open_first(any, 1);
  return library;
}

// Whether the library is one of the standard's interface; MPICH exports the functions of both, from files of two names.
static int has_standard_interface(void) {
  Dl_info place;
  return dladdr((void *)(uintptr_t)mpi.Init_thread, &place) && strstr(place.dli_fname, "mpi_abi");
}

const char *mpi_open(const char *library_name, int prefers_open_mpi) {
  void *library = open_library(library_name, prefers_open_mpi);
  if (!library && library_name) return fail("%s", dlerror());
  if (!library) return "no MPI library is installed (Debian: libopenmpi3 or libmpich12); DIFFUSE_MPI names its file";

  // dlsym's pointers to functions, as POSIX has it.
  struct { const char *name; void *entry; } names[] = {
    {"MPI_Init_thread", &mpi.Init_thread}, {"MPI_Comm_rank", &mpi.Comm_rank}, {"MPI_Comm_size", &mpi.Comm_size},
    {"MPI_Sendrecv", &mpi.Sendrecv}, {"MPI_Abort", &mpi.Abort}, {"MPI_Finalize", &mpi.Finalize},
    {"MPI_Get_library_version", &mpi.Get_library_version},
  };
  for (size_t place = 0; place < sizeof names / sizeof names[0]; place++) {
    void *symbol = dlsym(library, names[place].name);
    if (!symbol) return fail("the MPI library has no %s", names[place].name);
    memcpy(names[place].entry, &symbol, sizeof symbol);
  }

  void *open_mpi_world = dlsym(library, "ompi_mpi_comm_world"), *open_mpi_byte = dlsym(library, "ompi_mpi_byte");
  int funneled = 1, length = 0;
  // Both may be called before MPI begins.
  mpi.Get_library_version(version, &length);
  version[version_bytes - 1] = 0;
  if (open_mpi_world && open_mpi_byte) {
    world = (handle)open_mpi_world;
    byte = (handle)open_mpi_byte;
  } else if (has_standard_interface()) {
    world = 0x101;
    byte = 0x247;
    funneled = 1024;
  } else {
    world = 0x44000000;
    byte = 0x4c00010d;
  }
  version[strcspn(version, ",\r\n")] = 0;
  for (char *place = version; *place; place++) {
    if (*place == '\t') *place = ' ';
  }
  int provided = 0;
  if (mpi.Init_thread(NULL, NULL, funneled, &provided) != 0) return "MPI does not begin";
  mpi.Comm_rank(world, &rank);
  mpi.Comm_size(world, &size);
  return NULL;
}

const char *mpi_library_version(void) { return version; }
int mpi_rank(void) { return rank; }
int mpi_size(void) { return size; }

void mpi_exchange(const void *sent, int sent_count, int to, void *received, int received_count, int from) {
  // Large enough for every library's status.
  uint64_t status[16];
  mpi.Sendrecv(sent, sent_count, byte, to, 0, received, received_count, byte, from, 0, world, status);
}

_Noreturn void mpi_abort(int status) {
  mpi.Abort(world, status);
  abort();
}

void mpi_finalize(void) { mpi.Finalize(); }
