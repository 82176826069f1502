// Everything that is compiled once for each instruction set: LANES, TILE_ROWS, KERNELS and KERNELS_NAME are given.
#include "vector.h"
#include "product.h"
#include "packing.h"
#include "convolution.h"
#include "winograd.h"
#include "normalization.h"
#include "rows.h"
#include "images.h"
#include "random.h"

const cpu_kernels KERNELS = {
    .name = KERNELS_NAME,
    .tile_rows = TILE_ROWS,
    .panel_width = PANEL,
    .row_stride = STRIDE,
    .convolve = convolve,
    .convolve_winograd = convolve_winograd,
    .chunk_statistics = chunk_statistics,
    .normalization_coefficients = normalization_coefficients,
    .normalize = normalize,
    .softmax_rows = softmax_rows,
    .enter = enter,
    .leave = leave,
    .halve = halve,
    .double_size = double_size,
    .activate = activate,
    .combine = combine,
    .clamp = clamp,
    .clamp_rows = clamp_rows,
    .scale_rows = scale_rows,
    .fill_normal = fill_normal,
    .philox = philox_words,
    .pack_filter = pack_filter,
    .pack_winograd = pack_winograd,
};
