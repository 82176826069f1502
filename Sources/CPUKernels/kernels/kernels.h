// Everything that is compiled once for each instruction set: LANES, TILE_ROWS, KERNELS and KERNELS_NAME are given.
#include "vector.h"
#include "product.h"
#include "transforms.h"
#include "packing.h"
#include "convolution.h"
#include "thin.h"
#include "winograd.h"
#include "normalization.h"
#include "rows.h"
#include "images.h"
#include "random.h"
#include "filter.h"
#include "filter_winograd.h"
#include "gradients.h"
#include "peak.h"

const cpu_kernels KERNELS = {
    .name = KERNELS_NAME,
    .peak_sums = PEAK_CHAINS * LANES,
    .tile_rows = TILE_ROWS,
    .panel_width = PANEL,
    .row_stride = STRIDE,
    .convolve = {convolve_floats, convolve_pairs},
    .convolve_thin = convolve_thin,
    .convolve_4x4 = convolve_4x4,
    .convolve_2x4 = convolve_2x4,
    .convolve_4x4_passing = convolve_4x4_passing,
    .peak = {peak_floats, peak_pairs},
    .chunk_statistics = chunk_statistics,
    .normalization_coefficients = normalization_coefficients,
    .normalize = normalize,
    .softmax_rows = softmax_rows,
    .enter = enter,
    .leave = leave,
    .halve = halve,
    .blur = blur,
    .double_size = double_size,
    .pool_windows = pool_windows,
    .activate = activate,
    .combine = combine,
    .clamp = clamp,
    .clamp_rows = clamp_rows,
    .scale_rows = scale_rows,
    .scale_by_exponential = scale_by_exponential,
    .scale_by_root = scale_by_root,
    .fill_normal = fill_normal,
    .filter_gradient = filter_gradient,
    .fold_filter_gradient = fold_filter_gradient,
    .pad_channels = pad_channels,
    .filter_gradient_4x4 = filter_gradient_4x4,
    .fold_filter_gradient_4x4 = fold_filter_gradient_4x4,
    .normalization_gradient_sums = normalization_gradient_sums,
    .normalization_gradient_lines = normalization_gradient_lines,
    .normalization_gradient_apply = normalization_gradient_apply,
    .fold_samples = fold_samples,
    .softmax_gradient = softmax_gradient,
    .activate_gradient = activate_gradient,
    .sum_pixels = sum_pixels,
    .spread = spread,
    .dropout = dropout,
    .sum_squares = sum_squares,
    .adam_step = adam_step,
    .philox = philox_words,
    .pack_filter = {pack_filter_floats, pack_filter_pairs},
    .pack_thin = pack_thin,
    .pack_4x4 = pack_4x4,
    .pack_2x4 = pack_2x4,
};
