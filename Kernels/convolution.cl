// Convolutions of one operand or of two joined along their channels, epilogue included.
//
//   out[b, o, y, x] = scale * (bias[o] + offset[b, o] + residual[b, o, y, x] + sum over r, s, i of
//                       filter[o, i, r, s] * in[b, i, (stride * y + r - top) >> d, (stride * x + s - left) >> d])
//
// d is 1 if the input counts as doubled by nearest neighbour, else 0; the input is zero outside of its (doubled) extents.
// The output pixels of all samples are numbered through: pixel = (b * out_height + y) * out_width + x. The sum of one
// output never depends on which pixels are computed beside it, so a sample is the same in any batch.
//
// pack_filter      packed[((o / block * taps + tap) * depth + i') * block + o % block] = filter[o, i, r, s]
//                    tap = r * filter_width + s; i' counts the padded channels of the first operand, then those of the second,
//                    depth is all of them; channels of padding are zero. block is what the convolution reads at once.
// convolve_direct  for processors: a work-item owns PIXELS neighbouring pixels and 2 * LANES channels, the sums in
//                    registers; a group is one work-item; no local memory, no barrier. block = 2 * LANES.
//                    Global size: (pixels / PIXELS, channels / block), rounded up.
// convolve_tiled   for graphics processors, as a product of matrices: a group owns TILE_PIXELS x TILE_CHANNELS outputs, a
//                    work-item 8 x 8 of them as four blocks of 4 x 4. block = TILE_CHANNELS.
//                    Group: (TILE_CHANNELS / 8, TILE_PIXELS / 8). Local memory: TILE_DEPTH * (TILE_PIXELS + 4 +
//                    TILE_CHANNELS) floats, 12.25 KB by default. TILE_DEPTH is 16, as activations are padded to that.
//                    Groups of the third dimension do the same with the next input, filter and output, so many floats on.
//
// bias is padded to whole tiles; offset, residual and output are activations. `features` says which of them are read
// (common.cl).

// Pixels of a work-item of convolve_direct: 2 * PIXELS + 3 vectors should fit the registers.
#ifndef PIXELS
#define PIXELS 4
#endif

// Pixels of a group of convolve_tiled: a multiple of 32.
#ifndef TILE_PIXELS
#define TILE_PIXELS 128
#endif

// Output channels of a group of convolve_tiled: a multiple of 16.
#ifndef TILE_CHANNELS
#define TILE_CHANNELS 64
#endif

// Input channels that a group of convolve_tiled takes at a time.
#define TILE_DEPTH 16

__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void pack_filter(
    global const float *filter, global float *packed, int output_channels, int first_channels, int second_channels,
    int taps, int block, int count) {
  size_t index = get_global_id(0);
  if (index >= count) return;
  int depth = PADDED(first_channels) + PADDED(second_channels);
  int output = (int)(index % block);
  int rest = (int)(index / block);
  int input = rest % depth;
  rest /= depth;
  int tap = rest % taps;
  output += rest / taps * block;
  bool is_first = input < PADDED(first_channels);
  int channel = is_first ? input : input - PADDED(first_channels);
  float value = 0.0f;
  if (output < output_channels && channel < (is_first ? first_channels : second_channels)) {
    channel += is_first ? 0 : first_channels;
    value = filter[((size_t)output * (first_channels + second_channels) + channel) * taps + tap];
  }
  packed[index] = value;
}

// zeros: as many zeros as the larger operand has padded channels, read in place of pixels outside of the input.
__attribute__((reqd_work_group_size(1, 1, 1))) __attribute__((vec_type_hint(vector))) kernel void convolve_direct(
    global const element *first, global const element *second, global const float *packed, global const element *zeros,
    global const float *bias, global const element *offset, global const element *residual, global element *output,
    int first_channels, int second_channels, int channels, int in_height, int in_width, int out_height, int out_width,
    int pixels, int taps, int filter_width, int stride, int top, int left, int doubling, int features,
    float scale) {
  int start = (int)get_global_id(0) * PIXELS;
  int block = (int)get_global_id(1);
  int first_depth = PADDED(first_channels), second_depth = PADDED(second_channels);
  int height = in_height << doubling, width = in_width << doubling;
  int row[PIXELS], column[PIXELS], origin[PIXELS];
  vector sums0[PIXELS], sums1[PIXELS];
#pragma unroll
  for (int p = 0; p < PIXELS; p++) {
    int pixel = min(start + p, pixels - 1);
    int line = pixel / out_width;
    int sample = line / out_height;
    row[p] = (line - sample * out_height) * stride - top;
    column[p] = (pixel - line * out_width) * stride - left;
    origin[p] = sample * in_height;
    sums0[p] = (vector)(0.0f);
    sums1[p] = (vector)(0.0f);
  }

  global const float *weights = packed + (size_t)block * taps * (first_depth + second_depth) * (2 * LANES);
  for (int r = 0; r < taps / filter_width; r++) {
    for (int s = 0; s < filter_width; s++) {
      for (int part = 0; part < 2; part++) {
        global const element *input = part == 0 ? first : second;
        int depth = part == 0 ? first_depth : second_depth;
        global const element *source[PIXELS];
#pragma unroll
        for (int p = 0; p < PIXELS; p++) {
          int y = row[p] + r, x = column[p] + s;
          bool inside = y >= 0 && y < height && x >= 0 && x < width;
          size_t pixel = (size_t)(origin[p] + (y >> doubling)) * in_width + (x >> doubling);
          source[p] = inside ? input + pixel * depth : zeros;
        }
        for (int i = 0; i < depth; i++) {
          vector weights0 = load(weights), weights1 = load(weights + LANES);
#pragma unroll
          for (int p = 0; p < PIXELS; p++) {
            vector value = (vector)(get_element(source[p] + i));
            sums0[p] += value * weights0;
            sums1[p] += value * weights1;
          }
          weights += 2 * LANES;
        }
      }
    }
  }

#pragma unroll
  for (int p = 0; p < PIXELS; p++) {
    int pixel = start + p;
    if (pixel < pixels) {
      int sample = pixel / (out_height * out_width);
      int channel = block * 2 * LANES;
      finish(sums0[p], bias, offset, residual, output, channels, pixel, sample, channel, features, scale);
      finish(sums1[p], bias, offset, residual, output, channels, pixel, sample, channel + LANES, features, scale);
    }
  }
}

#define TILE_COLUMNS (TILE_CHANNELS / 8)
#define TILE_ROWS (TILE_PIXELS / 8)
#define TILE_ITEMS (TILE_COLUMNS * TILE_ROWS)
// Vectors of four that a work-item brings in at a time, of pixels and of the filter.
#define PIXEL_LOADS (TILE_PIXELS * TILE_DEPTH / 4 / TILE_ITEMS)
#define FILTER_LOADS (TILE_CHANNELS * TILE_DEPTH / 4 / TILE_ITEMS)
// Pixels that the work-items bring in side by side, four work-items a pixel.
#define PIXEL_STEP (TILE_ITEMS / 4)
// A row of the pixels' tile: four more, so that writes of four channels of a pixel fall into different banks.
#define PIXEL_PITCH (TILE_PIXELS + 4)

void finish_four(
    float4 sum, global const float *bias, global const element *offset, global const element *residual,
    global element *output, int channels, int pixel, int sample, int channel, int features, float scale) {
  size_t place = (size_t)pixel * PADDED(channels) + channel;
  if (features & HAS_BIAS) sum += vload4(0, bias + channel);
  if (features & HAS_OFFSET) sum += load_values(4, offset + (size_t)sample * PADDED(channels) + channel);
  if (features & HAS_RESIDUAL) sum += load_values(4, residual + place);
  store_values(4, scale * sum, output + place);
}

__attribute__((reqd_work_group_size(TILE_COLUMNS, TILE_ROWS, 1))) kernel void convolve_tiled(
    global const element *first, global const element *second, global const float *packed, global const element *zeros,
    global const float *bias, global const element *offset, global const element *residual, global element *output,
    int first_channels, int second_channels, int channels, int in_height, int in_width, int out_height, int out_width,
    int pixels, int taps, int filter_width, int stride, int top, int left, int doubling, int features,
    float scale, ulong input_step, ulong filter_step, ulong output_step) {
  local float pixel_tile[TILE_DEPTH * PIXEL_PITCH];
  local float filter_tile[TILE_DEPTH * TILE_CHANNELS];
  int item_column = (int)get_local_id(0), item_row = (int)get_local_id(1);
  int item = item_row * TILE_COLUMNS + item_column;
  int block = (int)get_group_id(0);
  int start = (int)get_group_id(1) * TILE_PIXELS;
  first += get_group_id(2) * input_step;
  packed += get_group_id(2) * filter_step;
  output += get_group_id(2) * output_step;
  int height = in_height << doubling, width = in_width << doubling;

  // What this work-item brings in: channels `quarter`...`quarter + 3` of PIXEL_LOADS pixels, PIXEL_STEP apart.
  int quarter = item % 4 * 4;
  int row[PIXEL_LOADS], column[PIXEL_LOADS], origin[PIXEL_LOADS];
#pragma unroll
  for (int n = 0; n < PIXEL_LOADS; n++) {
    int pixel = min(start + item / 4 + n * PIXEL_STEP, pixels - 1);
    int line = pixel / out_width;
    int sample = line / out_height;
    row[n] = (line - sample * out_height) * stride - top;
    column[n] = (pixel - line * out_width) * stride - left;
    origin[n] = sample * in_height;
  }

  float4 sums[8][2];
#pragma unroll
  for (int p = 0; p < 8; p++) {
    sums[p][0] = (float4)(0.0f);
    sums[p][1] = (float4)(0.0f);
  }

  int depth = PADDED(first_channels) + PADDED(second_channels);
  global const float *weights = packed + (size_t)block * taps * depth * TILE_CHANNELS;
  int steps = depth / TILE_DEPTH;
  for (int tap = 0; tap < taps; tap++) {
    int r = tap / filter_width, s = tap - r * filter_width;
    for (int step = 0; step < steps; step++) {
      bool is_first = step * TILE_DEPTH < PADDED(first_channels);
      global const element *input = is_first ? first : second;
      int pitch = is_first ? PADDED(first_channels) : PADDED(second_channels);
      int channel = step * TILE_DEPTH - (is_first ? 0 : PADDED(first_channels)) + quarter;
#pragma unroll
      for (int n = 0; n < PIXEL_LOADS; n++) {
        int y = row[n] + r, x = column[n] + s;
        bool inside = y >= 0 && y < height && x >= 0 && x < width;
        size_t pixel = (size_t)(origin[n] + (y >> doubling)) * in_width + (x >> doubling);
        float4 value = load_values(4, input + (inside ? pixel : 0) * pitch + channel);
        value = inside ? value : (float4)(0.0f);
        local float *place = pixel_tile + quarter * PIXEL_PITCH + item / 4 + n * PIXEL_STEP;
        place[0] = value.x;
        place[PIXEL_PITCH] = value.y;
        place[2 * PIXEL_PITCH] = value.z;
        place[3 * PIXEL_PITCH] = value.w;
      }
#pragma unroll
      for (int n = 0; n < FILTER_LOADS; n++) {
        int place = item + n * TILE_ITEMS;
        vstore4(vload4(place, weights), place, filter_tile);
      }
      weights += TILE_DEPTH * TILE_CHANNELS;
      barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 4
      for (int k = 0; k < TILE_DEPTH; k++) {
        local const float *values = pixel_tile + k * PIXEL_PITCH + item_row * 4;
        local const float *filters = filter_tile + k * TILE_CHANNELS + item_column * 4;
        float4 value0 = vload4(0, values), value1 = vload4(0, values + TILE_PIXELS / 2);
        float4 weights0 = vload4(0, filters), weights1 = vload4(0, filters + TILE_CHANNELS / 2);
        sums[0][0] += value0.x * weights0;
        sums[0][1] += value0.x * weights1;
        sums[1][0] += value0.y * weights0;
        sums[1][1] += value0.y * weights1;
        sums[2][0] += value0.z * weights0;
        sums[2][1] += value0.z * weights1;
        sums[3][0] += value0.w * weights0;
        sums[3][1] += value0.w * weights1;
        sums[4][0] += value1.x * weights0;
        sums[4][1] += value1.x * weights1;
        sums[5][0] += value1.y * weights0;
        sums[5][1] += value1.y * weights1;
        sums[6][0] += value1.z * weights0;
        sums[6][1] += value1.z * weights1;
        sums[7][0] += value1.w * weights0;
        sums[7][1] += value1.w * weights1;
      }
      barrier(CLK_LOCAL_MEM_FENCE);
    }
  }

#pragma unroll
  for (int p = 0; p < 8; p++) {
    int pixel = start + p / 4 * (TILE_PIXELS / 2) + item_row * 4 + p % 4;
    int sample = pixel / (out_height * out_width);
#pragma unroll
    for (int side = 0; side < 2; side++) {
      int channel = block * TILE_CHANNELS + side * (TILE_CHANNELS / 2) + item_column * 4;
      if (pixel < pixels && channel < PADDED(channels)) {
        finish_four(sums[p][side], bias, offset, residual, output, channels, pixel, sample, channel, features, scale);
      }
    }
  }
}
