// Convolutions as products of matrices on tensor cores, from elements of 16 bits with sums in floats; the formula, operands and
// epilogue are those of convolution.cl.
//
// pack_fragments         packed[(((o / 128 * taps + tap) * steps + k / 32) * 128 + o % 128) * 32 + k % 32] = filter[o, i, r, s],
//                          tap = r * filter_width + s; k counts the padded channels of the first operand, then those of the
//                          second, steps * 32 is at least all of them; what is padding is zero.
// convolve_tensor_cores  a group of 8 warps owns 128 pixels by 128 channels, a warp 64 by 32 of them. It goes through the taps
//                          and through the channels by 32: STAGES tiles of both factors lie in local memory, so that copies
//                          run STAGES - 1 steps ahead of the products. Group: 256. Global size: (channels / 128, pixels / 128)
//                          groups, rounded up. Local memory: 48 KB.
//
// Rows of tiles lie as piece_of says.
#if STORAGE

#define TILE 128
#define STAGES 3
#define ITEMS 256
#define STAGE_SIZE (2 * TILE * STEP)

__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void pack_fragments(
    global const float *filter, global element *packed, int output_channels, int first_channels, int second_channels,
    int taps, int steps, int count) {
  size_t index = get_global_id(0);
  if (index >= count) return;
  int k = (int)(index % STEP);
  int rest = (int)(index / STEP);
  int output = rest % TILE;
  rest /= TILE;
  k += rest % steps * STEP;
  rest /= steps;
  int tap = rest % taps;
  output += rest / taps * TILE;
  bool is_first = k < PADDED(first_channels);
  int channel = is_first ? k : k - PADDED(first_channels);
  float value = 0.0f;
  if (output < output_channels && channel < (is_first ? first_channels : second_channels)) {
    channel += is_first ? 0 : first_channels;
    value = filter[((size_t)output * (first_channels + second_channels) + channel) * taps + tap];
  }
  set_element(value, packed + index);
}

// The epilogue of two neighbouring channels.
void finish_two(
    float2 sum, global const float *bias, global const element *offset, global const element *residual,
    global element *output, int channels, int pixel, int sample, int channel, int features, float scale) {
  size_t place = (size_t)pixel * PADDED(channels) + channel;
  if (features & HAS_BIAS) sum += vload2(0, bias + channel);
  if (features & HAS_OFFSET) sum += load_values(2, offset + (size_t)sample * PADDED(channels) + channel);
  if (features & HAS_RESIDUAL) sum += load_values(2, residual + place);
  store_values(2, scale * sum, output + place);
}

__attribute__((reqd_work_group_size(ITEMS, 1, 1))) kernel void convolve_tensor_cores(
    global const element *first, global const element *second, global const element *packed,
    global const float *bias, global const element *offset, global const element *residual, global element *output,
    int first_channels, int second_channels, int channels, int in_height, int in_width, int out_height, int out_width,
    int pixels, int taps, int filter_width, int stride, int top, int left, int doubling, int features, float scale) {
  local ushort tiles[STAGES * STAGE_SIZE];
  EXCHANGE(ITEMS)
  int item = (int)get_local_id(0), lane = item % WARP, warp = item / WARP;
  int block = (int)get_group_id(0), start = (int)get_group_id(1) * TILE;
  int height = in_height << doubling, width = in_width << doubling;
  int first_depth = PADDED(first_channels), depth = first_depth + PADDED(second_channels);
  int steps = (depth + STEP - 1) / STEP, all_steps = taps * steps;

  // What this work-item copies: a piece of two pixels and of two channels of the filter, half a tile apart.
  int piece = item % 4, line = item / 4;
  int row[2], column[2], origin[2];
#pragma unroll
  for (int n = 0; n < 2; n++) {
    int pixel = min(start + line + n * (TILE / 2), pixels - 1);
    int image_row = pixel / out_width;
    int sample = image_row / out_height;
    row[n] = (image_row - sample * out_height) * stride - top;
    column[n] = (pixel - image_row * out_width) * stride - left;
    origin[n] = sample * in_height;
  }
  global const element *weights = packed + (size_t)block * all_steps * TILE * STEP + line * STEP + piece * 8;

  float4 sums[4][4];
#pragma unroll
  for (int i = 0; i < 4; i++) {
#pragma unroll
    for (int j = 0; j < 4; j++) sums[i][j] = (float4)(0.0f);
  }

  copy_queue queue = {0};
  int tap = 0, step = 0;
  for (int ahead = 0; ahead < all_steps + STAGES - 1; ahead++) {
    if (ahead >= STAGES - 1) {
      // The copies of this step are there, those of the next STAGES - 2 may be under way; and every warp has left the tiles that
      // are filled next.
      wait_for_copies(&queue, STAGES - 2);
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (ahead < all_steps) {
      local ushort *pixel_tile = tiles + ahead % STAGES * STAGE_SIZE, *filter_tile = pixel_tile + TILE * STEP;
      int r = tap / filter_width, s = tap - r * filter_width;
      int channel = step * STEP + piece * 8;
      bool is_first = channel < first_depth;
      global const element *input = is_first ? first : second;
      int pitch = is_first ? first_depth : depth - first_depth;
#pragma unroll
      for (int n = 0; n < 2; n++) {
        int y = row[n] + r, x = column[n] + s, to = piece_of(line + n * (TILE / 2), piece);
        bool exists = channel < depth && y >= 0 && y < height && x >= 0 && x < width;
        size_t pixel = (size_t)(origin[n] + (y >> doubling)) * in_width + (x >> doubling);
        global const element *from = input + pixel * pitch + (channel - (is_first ? 0 : first_depth));
        start_copy(&queue, pixel_tile + to, exists ? from : first, exists);
        start_copy(&queue, filter_tile + to, weights + n * (TILE / 2) * STEP, true);
      }
      weights += TILE * STEP;
      if (++step == steps) {
        step = 0;
        tap++;
      }
    }
    commit_copies(&queue);
    if (ahead < STAGES - 1) continue;

    local const ushort *pixel_tile = tiles + (ahead - (STAGES - 1)) % STAGES * STAGE_SIZE;
    local const ushort *filter_tile = pixel_tile + TILE * STEP;
#pragma unroll
    for (int k = 0; k < STEP / 16; k++) {
      uint4 values[4], filters[2];
#pragma unroll
      for (int i = 0; i < 4; i++) {
        int from = warp / 4 * 64 + i * 16 + lane % 16;
        values[i] = load_matrices(pixel_tile, piece_of(from, 2 * k + lane / 16), NO_EXCHANGE);
      }
#pragma unroll
      for (int j = 0; j < 2; j++) {
        int from = warp % 4 * 32 + j * 16 + lane / 16 * 8 + lane % 8;
        filters[j] = load_matrices(filter_tile, piece_of(from, 2 * k + lane / 8 % 2), NO_EXCHANGE);
      }
#pragma unroll
      for (int i = 0; i < 4; i++) {
#pragma unroll
        for (int j = 0; j < 2; j++) {
          sums[i][2 * j] = multiply_fragments(values[i], filters[j].xy, sums[i][2 * j], NO_EXCHANGE);
          sums[i][2 * j + 1] = multiply_fragments(values[i], filters[j].zw, sums[i][2 * j + 1], NO_EXCHANGE);
        }
      }
    }
  }

#pragma unroll
  for (int i = 0; i < 4; i++) {
    int upper = start + warp / 4 * 64 + i * 16 + lane / 4, lower = upper + 8;
#pragma unroll
    for (int j = 0; j < 4; j++) {
      int channel = block * TILE + warp % 4 * 32 + j * 8 + lane % 4 * 2;
      if (channel >= PADDED(channels)) continue;
      if (upper < pixels) {
        finish_two(
            sums[i][j].xy, bias, offset, residual, output, channels, upper, upper / (out_height * out_width), channel,
            features, scale);
      }
      if (lower < pixels) {
        finish_two(
            sums[i][j].zw, bias, offset, residual, output, channels, lower, lower / (out_height * out_width), channel,
            features, scale);
      }
    }
  }
}

#endif
