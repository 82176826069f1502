// The kernels for processors with AVX2 and FMA.
#if defined(__x86_64__)
#include "kernels/includes.h"
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define LANES 8
#define TILE_ROWS 6
#define KERNELS cpu_kernels_avx2
#define KERNELS_NAME "AVX2"
#include "kernels/kernels.h"
#pragma clang attribute pop
#endif
