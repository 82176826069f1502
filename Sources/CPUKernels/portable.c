// The kernels for any processor: vectors of four, which every target of the compiler has or imitates.
#include "kernels/includes.h"
#define LANES 4
#define TILE_ROWS 6
#define KERNELS cpu_kernels_portable
#define KERNELS_NAME "portable"
#include "kernels/kernels.h"
