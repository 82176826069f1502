// The kernels for processors with AVX-512 and its products of bfloat16 pairs.
#if defined(__x86_64__)
#include "kernels/includes.h"
#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,avx2,fma"))), apply_to = function)
#define LANES 16
#define TILE_ROWS 14
#define HAS_BFLOAT16 1
#define KERNELS cpu_kernels_avx512bf16
#define KERNELS_NAME "AVX-512 with bfloat16"
#include "kernels/kernels.h"
#pragma clang attribute pop
#endif
