#pragma once
#include <cblas.h>
#include <dlfcn.h>
#include <stdbool.h>
#include <sys/mman.h>

/// Bytes of addresses that OpenBLAS takes for every thread that calls it at once, and keeps: its buffer and a page.
enum { openblas_buffer_bytes = (128 << 20) + 4096 };

/// Whether there are addresses for the buffers of a number of threads: a trial mapping, since a call of OpenBLAS that finds none
/// tries again for ever.
static inline bool openblas_has_addresses(int threads) {
  const size_t length = (size_t)threads * openblas_buffer_bytes;
  void *trial = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return trial != MAP_FAILED && munmap(trial, length) == 0;
}

/// Lets OpenBLAS take the buffers of a number of threads now, or returns false if there are no addresses for them.
///
/// Its allocator is no part of its interface, so it is looked up: without it only the trial is made.
static inline bool openblas_reserve(int threads) {
  if (!openblas_has_addresses(threads)) return false;
  void *(*take)(int) = (void *(*)(int))dlsym(RTLD_DEFAULT, "blas_memory_alloc");
  void (*give_back)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "blas_memory_free");
  // Its table of buffers has room for more threads than this on every build; a machine with more takes them when it needs them.
  enum { most = 64 };
  if (!take || !give_back || threads > most) return true;
  void *buffers[most];
  for (int index = 0; index < threads; index++) buffers[index] = take(0);
  for (int index = 0; index < threads; index++) give_back(buffers[index]);
  return true;
}

// LAPACK's Fortran symbols, which libopenblas exports. Debian's package installs no header for them, so their
// prototypes stand here; every argument is passed by reference and matrices are column-major.

/// Eigenvalues (ascending, in w) and eigenvectors (in a) of a real symmetric matrix by divide and conquer.
void dsyevd_(const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w, double *work,
             const int *lwork, int *iwork, const int *liwork, int *info);

/// Eigenvalues (real and imaginary parts in wr and wi) and right eigenvectors (in vr) of a real square matrix; a pair of
/// conjugate eigenvalues has the real and the imaginary part of its vector in two columns.
void dgeev_(const char *jobvl, const char *jobvr, const int *n, double *a, const int *lda, double *wr, double *wi,
            double *vl, const int *ldvl, double *vr, const int *ldvr, double *work, const int *lwork, int *info);
