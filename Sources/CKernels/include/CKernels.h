// The texts of Kernels/, embedded in the program.
#pragma once
#include <stddef.h>

// One file of Kernels/.
typedef struct {
  const char *name;  // with its suffix
  const char *text;  // with a terminating zero
  size_t length;     // in bytes, without it
} embedded_kernel;

// All files, sorted by name.
const embedded_kernel *embedded_kernels(size_t *count);
