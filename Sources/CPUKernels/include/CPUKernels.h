#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The loops of the CPU backend, over activations that lie channels-last ([batch, height, width, channels]) and over
// exact row-major buffers. Each operation is a structure of arguments and one or more tasks: a task computes piece
// `index` of the result by itself, in an order that depends on the shapes only, so results depend neither on the number
// of threads nor on the batch. The same sources are compiled for each instruction set; `cpu_kernels` is the table of one.

/// One piece of an operation; `scratch` is the running thread's own.
typedef void cpu_task(const void *arguments, long index, void *scratch);

// Threads

/// Threads that wait for operations.
typedef struct cpu_pool cpu_pool;

/// Starts `threads - 1` threads (the caller is the last) with `scratch_bytes` of scratch each; NULL if that fails.
cpu_pool *cpu_pool_make(int threads, size_t scratch_bytes);

/// Runs tasks 0 ..< count and returns when all are done. One caller at a time.
void cpu_pool_run(cpu_pool *pool, cpu_task *task, const void *arguments, long count);

/// Ends the threads.
void cpu_pool_free(cpu_pool *pool);

/// Cores that this process may run on.
int cpu_available_cores(void);

// Processor

/// Instruction sets that kernels are compiled for, in ascending order.
typedef enum { CPU_PORTABLE, CPU_AVX2, CPU_AVX512, CPU_AVX512_BFLOAT16 } cpu_level;

/// The highest level that this processor has.
cpu_level cpu_best_level(void);

/// The processor's own name and its maker's, as C strings cut to `size`.
void cpu_processor(char *name, char *vendor, size_t size);

/// Bytes of memory that this process can have: the machine's, or the limit of its control group.
long cpu_memory_bytes(void);

// Arguments

/// Functions applied to values.
typedef enum { CPU_IDENTITY, CPU_SILU, CPU_MISH, CPU_GELU, CPU_RELU } cpu_function;

/// One activation, or two joined along the channels.
typedef struct {
  const float *first, *second;
  long first_channels, second_channels;
} cpu_operand;

/// What is added to a convolution's result: scale * (result + bias + offset + residual); pointers may be NULL.
typedef struct {
  const float *bias, *offset, *residual;
  float scale;
} cpu_epilogue;

/// Forms of the factors of a product: 32-bit values, or pairs of bfloat16 values in words of 32 bits.
typedef enum { CPU_FLOATS, CPU_PAIRS, CPU_WORDS } cpu_word;

/// Channels of a filter that are transformed in passing at a time: their positions take a third of a second-level cache.
enum { CPU_PASSING_DEPTH = 64 };

/// The most output channels, and the most of one operand's channels, of a convolution that sums over vectors of channels.
enum { CPU_THIN = 4, CPU_THIN_DEPTH = 512 };

/// A convolution by products of gathered strips, or by Winograd's method.
typedef struct {
  cpu_operand operand;
  cpu_epilogue epilogue;
  const float *filter;  // packed: [phase][panel][words of taps * channels][panel width], by tile position, or, if thin,
                        // [output][tap][channel]
  float *destination;
  long batch, height, width;               // of the input
  long output_height, output_width, output_channels;
  long taps, kernel_width, stride, top, left;
  long shift;                              // 1 if the input is doubled by nearest neighbour, else 0
  long phases;                             // 4 if the doubled input is read by four 2x2 filters, else 1
  long strip_rows, strips, block_columns;  // a task: strip_rows pixels (or tiles) by block_columns channels
} cpu_convolution;

/// A filter [outputs, channels, taps] to be packed in panels of words.
typedef struct {
  const float *source;
  float *packed;
  long outputs, channels, taps;
} cpu_packing;

/// A group normalisation.
typedef struct {
  cpu_operand operand;
  float *destination;
  const float *gamma, *beta, *scale_shift;  // scale_shift [batch, 2 * channels] or NULL
  float *statistics;                        // [batch, chunks, 3, channels]: mean, sum and squares about it
  float *coefficients;                      // [batch, 4, channels]: center, factor, addend, 1 / deviation
  long batch, pixels, groups, chunk_pixels, chunks;
  float epsilon;
  cpu_function function;
} cpu_normalization;

/// The gradients of a group normalisation.
typedef struct {
  cpu_normalization normalization;  // what the forward operation had, its coefficients taken again
  const float *gradient;
  float *first, *second, *scale_shift;
  float *sums;                      // [batch, chunks, 2, channels]
  float *lines;                     // [batch, 2, channels]: offset and slope
  float *gamma_beta;                // [batch, 2, channels]: parts of the gradients of gamma and beta
  bool adds_to_first, adds_to_second;
} cpu_normalization_gradient;

/// The gradient of a convolution's filter.
typedef struct {
  cpu_operand operand;
  const float *gradient;            // pixels of gradient_stride values, a multiple of a vector's
  const float *unpadded;            // the gradient as it was given
  float *padded;                    // a copy of it, if its channels are no multiple
  float *sums;                      // [piece][panel][tap][channel][panel width]
  float *destination;
  long batch, height, width, output_height, output_width, output_channels, gradient_stride;
  long taps, kernel_width, stride, top, left, shift;
  long pieces, strip_rows;          // ranges of rows of all samples; rows of a sample that are taken at a time
} cpu_filter_gradient;

/// The gradient of a 3x3 convolution's filter by Winograd's method.
typedef struct {
  cpu_convolution convolution;      // its input and extents; strip_rows tiles at a time, block_columns channels of the result
  const float *gradient;
  float *sums;                      // [piece][position][panel][channel][panel width]
  float *destination;
  long pieces, block_channels;      // ranges of tiles of all samples; channels of the input that a task takes
} cpu_tiled_filter_gradient;

/// A softmax over rows of scaled and shifted logits.
typedef struct {
  const float *source, *offsets;  // offsets may be NULL
  float *destination;
  long rows, columns, chunk_rows;
  float scale;
} cpu_softmax;

/// Images between row-major channels and channels-last, or of two sizes.
typedef struct {
  const float *source;
  float *destination;
  long batch, channels, height, width;  // of the source
  float scale, shift;
} cpu_images;

/// A blur into images that are larger by a margin on every side, or smaller by a negative one.
typedef struct {
  cpu_images images;
  long margin;
} cpu_blur;

/// The largest value or the mean of the pixels of each window that lie inside of the image.
typedef struct {
  cpu_images images;
  long output_height, output_width, size, stride, padding;
  bool is_maximum;
} cpu_pooling;

/// Pixels that are moved apart.
typedef struct {
  const float *source;
  float *destination;
  long channels, height, width, stride, output_height, output_width;
} cpu_spread;

/// Values one by one: `count` in all, `chunk` a task.
typedef struct {
  const float *sources[8];
  float coefficients[8];
  float *destination;
  const float *rows;  // one value a row
  long terms, count, chunk, row_length;
  float lower, upper;
  cpu_function function;
} cpu_pointwise;

/// Rows in chunks, a chunk a task: noise, dropout, sums.
typedef struct {
  const float *source;
  float *destination;
  const uint64_t *seeds;
  long row_length, chunk, chunks;  // chunks a row, each a multiple of 4 values
  uint32_t step, draw;
} cpu_rows;

/// Values set to zero where a random word is below a threshold, and multiplied elsewhere.
typedef struct {
  cpu_rows random;
  uint32_t threshold;
  float scale;
} cpu_dropout;

/// A step of Adam.
typedef struct {
  const float *gradient;
  float *values, *first, *second, *average;
  long count, chunk;
  float gradient_scale, first_decay, first_rest, second_decay, second_rest, second_correction, epsilon, keep,
      corrected_rate, average_decay, average_rest;
} cpu_adam;

/// Multiply-adds from registers: `iterations` times `peak_sums` values, one result a task.
typedef struct {
  float *results;
  float factor;
  long iterations;
} cpu_peak;

// Kernels

/// The kernels of one instruction set.
typedef struct {
  const char *name;
  long peak_sums;     // multiply-adds of floats in an iteration of `peak`
  long tile_rows;     // rows of the product's register tile
  long panel_width;   // columns of a packed panel
  long row_stride;    // values from one gathered row to the next in scratch
  cpu_task *convolve[CPU_WORDS];   // gathered strips, by the form of the factors
  cpu_task *convolve_thin;         // to CPU_THIN channels at most, of floats
  cpu_task *convolve_4x4;          // Winograd's method in tiles of 4x4 outputs, of floats
  cpu_task *convolve_4x4_passing;  // the same from a filter packed for gathered strips, transformed in passing
  cpu_task *convolve_2x4;          // Winograd's method in tiles of 2x4 outputs, of pairs
  cpu_task *peak[CPU_WORDS];
  cpu_task *chunk_statistics, *normalization_coefficients, *normalize;
  cpu_task *softmax_rows;
  cpu_task *enter, *leave, *halve, *double_size, *blur, *pool_windows;
  cpu_task *activate, *combine, *clamp, *clamp_rows, *scale_rows;
  cpu_task *scale_by_exponential, *scale_by_root;  // sources: what is scaled and by what; coefficients: scale, factor
  cpu_task *fill_normal;
  cpu_task *filter_gradient, *fold_filter_gradient, *pad_channels;
  cpu_task *filter_gradient_4x4, *fold_filter_gradient_4x4;  // Winograd's method: a fold is one channel of one panel
  cpu_task *normalization_gradient_sums, *normalization_gradient_lines, *normalization_gradient_apply, *fold_samples;
  cpu_task *softmax_gradient;  // from source = weights, in place
  cpu_task *activate_gradient, *sum_pixels, *spread, *dropout, *sum_squares, *adam_step;
  void (*philox)(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]);
  cpu_task *pack_filter[CPU_WORDS], *pack_thin, *pack_4x4, *pack_2x4;  // a task is one panel
} cpu_kernels;

/// The table of a level that the processor has.
const cpu_kernels *cpu_kernels_for(cpu_level level);
