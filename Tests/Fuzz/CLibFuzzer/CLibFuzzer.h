#pragma once
#include <stddef.h>
#include <stdint.h>

// The toolchain has libFuzzer as a library without a header; this is its entry, as LLVM documents it.

/// Calls back with one input after the other, until a limit among the arguments is reached or an input ends the process.
int LLVMFuzzerRunDriver(int *count, char ***arguments, int (*callback)(const uint8_t *bytes, size_t count));

/// The first place of some bytes in others, or null; GNU's, which Swift's module of the C library leaves out.
void *memmem(const void *bytes, size_t count, const void *part, size_t part_count);
