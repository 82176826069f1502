// 3x3 convolutions with stride 1 by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2015): 36 products for 16
// outputs where the direct method takes 144. The formula is that of convolution.cl, epilogue included.
//
//   Y = A^T [(G g G^T) * (B^T d B)] A      d: 6 x 6 pixels of the input, g: the filter, Y: 4 x 4 outputs, * by elements
//
// Interpolation points 0, +-sqrt(1/2), +-sqrt 2 and infinity: their products stay near one, and the error stays within
// twice that of the direct method (three times smaller than with the usual 0, +-1, +-2). The product of each of the 36
// positions is one of matrices, tiles by input channels by output channels. Tiles of 4 x 4 outputs cover an image from its
// top left; those of all samples are numbered through: tile = (b * tile_rows + y) * tile_columns + x. The sum of one
// output never depends on which tiles are computed beside it, so a sample is the same in any batch.
//
// transform_filter   packed[((position * blocks + o / block) * depth + i') * block + o % block] = (G g[o, i] G^T)[position]
//                      i' counts the padded channels of the first operand, then those of the second, depth is all of
//                      them; what is padding is zero. A work-item owns all positions of LANES o and one i'.
// convolve_winograd  for processors, all in one: a work-item, a group of its own, takes one task after the other, task =
//                      group, group + groups, ...: all of a strip of `strip` tiles and `part` of the blocks of 2 * LANES
//                      output channels. Of scratch it has a slot of `slot` floats, small enough for a core's caches:
//                        v[position][strip][depth + ROW_GAP], then m[position][strip][part * 2 * LANES + ROW_GAP]
//                      strip is a multiple of PIXELS. No local memory, no barrier. Global size: (groups).
// transform_input    for graphics processors: v[position][tile - first_tile][depth], `tiles` of them. A work-item owns LANES
//                      channels of a tile. The products are convolve_tiled's, as 36 convolutions of one tap.
// transform_output   for graphics processors: from m[position][tile - first_tile][PADDED(channels)] the outputs. A
//                      work-item owns LANES channels of a tile.

#define POSITIONS 36
#define POINT_A 0.70710678f
#define POINT_B 1.41421356f

// Tiles whose products a work-item of convolve_winograd keeps in registers: 2 * PIXELS + 3 vectors should fit.
#ifndef PIXELS
#define PIXELS 4
#endif

// Floats between the rows of v and of m: rows a power of two apart would share few sets of a cache.
#define ROW_GAP 16

// G g: three taps to six positions.
void transform_taps(const vector *g, vector *to) {
  vector even_a = (g[0] + 0.5f * g[2]) * (-1.0f / 1.5f), odd_a = g[1] * (-POINT_A / 1.5f);
  vector even_b = (g[0] + 2.0f * g[2]) * (1.0f / 6.0f), odd_b = g[1] * (POINT_B / 6.0f);
  to[0] = g[0];
  to[1] = even_a + odd_a;
  to[2] = even_a - odd_a;
  to[3] = even_b + odd_b;
  to[4] = even_b - odd_b;
  to[5] = g[2];
}

// B^T d: six values of the input to six positions.
void transform_line(const vector *d, vector *to) {
  vector even_a = d[4] - 2.0f * d[2], odd_a = (d[3] - 2.0f * d[1]) * POINT_A;
  vector even_b = d[4] - 0.5f * d[2], odd_b = (d[3] - 0.5f * d[1]) * POINT_B;
  to[0] = (d[4] - 2.5f * d[2]) + d[0];
  to[1] = even_a + odd_a;
  to[2] = even_a - odd_a;
  to[3] = even_b + odd_b;
  to[4] = even_b - odd_b;
  to[5] = (d[5] - 2.5f * d[3]) + d[1];
}

// A^T m: six positions to four outputs.
void gather_line(const vector *m, vector *to) {
  vector even_a = m[1] + m[2], odd_a = (m[1] - m[2]) * POINT_A;
  vector even_b = m[3] + m[4], odd_b = (m[3] - m[4]) * POINT_B;
  to[0] = m[0] + even_a + even_b;
  to[1] = odd_a + odd_b;
  to[2] = 0.5f * even_a + 2.0f * even_b;
  to[3] = 0.5f * odd_a + 2.0f * odd_b + m[5];
}

// count: values of one position. Neighbouring work-items have neighbouring i', as neighbours in memory.
ELEMENTWISE kernel void transform_filter(
    global const float *filter, global float *packed, int output_channels, int first_channels, int second_channels,
    int block, int count) {
  size_t index = get_global_id(0);
  if (index >= count / LANES) return;
  int depth = PADDED(first_channels) + PADDED(second_channels);
  int input = (int)(index % depth);
  int output = (int)(index / depth) * LANES;
  bool is_first = input < PADDED(first_channels);
  int channel = is_first ? input : input - PADDED(first_channels);
  bool exists = channel < (is_first ? first_channels : second_channels);
  int channels = first_channels + second_channels;
  global const float *taps = filter + ((size_t)output * channels + channel + (is_first ? 0 : first_channels)) * 9;

  vector half_way[6][3];
#pragma unroll
  for (int s = 0; s < 3; s++) {
    vector line[3], result[6];
#pragma unroll
    for (int r = 0; r < 3; r++) {
      float lanes[LANES];
      for (int lane = 0; lane < LANES; lane++) {
        lanes[lane] = exists && output + lane < output_channels ? taps[(size_t)lane * channels * 9 + 3 * r + s] : 0.0f;
      }
      line[r] = load(lanes);
    }
    transform_taps(line, result);
#pragma unroll
    for (int y = 0; y < 6; y++) half_way[y][s] = result[y];
  }
  packed += ((size_t)(output / block) * depth + input) * block + output % block;
#pragma unroll
  for (int y = 0; y < 6; y++) {
    vector result[6];
    transform_taps(half_way[y], result);
#pragma unroll
    for (int x = 0; x < 6; x++) store(result[x], packed + (size_t)(6 * y + x) * count);
  }
}

// A tile's place: its sample and the first of its outputs.
typedef struct {
  int sample, row, column;
} tile_place;

tile_place place_of(int tile, int out_height, int out_width) {
  int tile_rows = (out_height + 3) / 4, tile_columns = (out_width + 3) / 4;
  int line = tile / tile_columns;
  tile_place place;
  place.sample = line / tile_rows;
  place.row = (line - place.sample * tile_rows) * 4;
  place.column = (tile - line * tile_columns) * 4;
  return place;
}

// Where the 36 pixels of a tile lie in an operand of `depth` padded channels, at the zeros if outside of it.
void find_pixels(
    global const element *input, global const element *zeros, int depth, tile_place place, int in_height, int in_width,
    int top, int left, int doubling, global const element **pixels) {
  int height = in_height << doubling, width = in_width << doubling;
#pragma unroll
  for (int r = 0; r < 6; r++) {
#pragma unroll
    for (int s = 0; s < 6; s++) {
      int y = place.row - top + r, x = place.column - left + s;
      bool inside = y >= 0 && y < height && x >= 0 && x < width;
      size_t pixel = (size_t)(place.sample * in_height + (y >> doubling)) * in_width + (x >> doubling);
      pixels[6 * r + s] = inside ? input + pixel * depth : zeros;
    }
  }
}

// Transforms LANES channels of a tile; `step` floats lie between the positions of v.
void transform_tile(global const element **pixels, int channel, global float *v, size_t step) {
  vector half_way[6][6];
#pragma unroll
  for (int x = 0; x < 6; x++) {
    vector line[6], result[6];
#pragma unroll
    for (int y = 0; y < 6; y++) line[y] = load_elements(pixels[6 * y + x] + channel);
    transform_line(line, result);
#pragma unroll
    for (int y = 0; y < 6; y++) half_way[y][x] = result[y];
  }
#pragma unroll
  for (int y = 0; y < 6; y++) {
    vector result[6];
    transform_line(half_way[y], result);
#pragma unroll
    for (int x = 0; x < 6; x++) store(result[x], v + (6 * y + x) * step);
  }
}

// Turns the products of LANES channels of a tile into outputs.
void finish_tile(
    global const float *m, size_t step, global const float *bias, global const element *offset,
    global const element *residual, global element *output, int channels, tile_place place, int out_height, int out_width,
    int channel, int features, float scale) {
  vector half_way[4][6];
#pragma unroll
  for (int x = 0; x < 6; x++) {
    vector line[6], result[4];
#pragma unroll
    for (int y = 0; y < 6; y++) line[y] = load(m + (6 * y + x) * step);
    gather_line(line, result);
#pragma unroll
    for (int y = 0; y < 4; y++) half_way[y][x] = result[y];
  }
#pragma unroll
  for (int y = 0; y < 4; y++) {
    vector result[4];
    gather_line(half_way[y], result);
    size_t pixel = ((size_t)place.sample * out_height + place.row + y) * out_width + place.column;
#pragma unroll
    for (int x = 0; x < 4; x++) {
      if (place.row + y < out_height && place.column + x < out_width) {
        finish(
            result[x], bias, offset, residual, output, channels, pixel + x, place.sample, channel, features, scale);
      }
    }
  }
}

// m[row][column] = the sum over k of v[row][k] weights[k][column] for PIXELS rows and 2 * LANES columns.
void multiply_rows(
    global const float *v, size_t pitch, global const float *weights, int depth, global float *m, size_t m_pitch) {
  vector sums0[PIXELS], sums1[PIXELS];
#pragma unroll
  for (int p = 0; p < PIXELS; p++) {
    sums0[p] = (vector)(0.0f);
    sums1[p] = (vector)(0.0f);
  }
  for (int k = 0; k < depth; k++) {
    vector weights0 = load(weights), weights1 = load(weights + LANES);
#pragma unroll
    for (int p = 0; p < PIXELS; p++) {
      vector value = (vector)(v[p * pitch + k]);
      sums0[p] += value * weights0;
      sums1[p] += value * weights1;
    }
    weights += 2 * LANES;
  }
#pragma unroll
  for (int p = 0; p < PIXELS; p++) {
    store(sums0[p], m + p * m_pitch);
    store(sums1[p], m + p * m_pitch + LANES);
  }
}

// zeros: as many zeros as the larger operand has padded channels, read in place of pixels outside of the input.
__attribute__((reqd_work_group_size(1, 1, 1))) __attribute__((vec_type_hint(vector))) kernel void convolve_winograd(
    global const element *first, global const element *second, global const float *packed, global const element *zeros,
    global const float *bias, global const element *offset, global const element *residual, global element *output,
    global float *scratch, int first_channels, int second_channels, int channels, int in_height, int in_width,
    int out_height, int out_width, int tiles, int top, int left, int doubling, int features, int strip, int part,
    ulong slot, float scale) {
  int first_depth = PADDED(first_channels), second_depth = PADDED(second_channels);
  int depth = first_depth + second_depth;
  int blocks = (channels + 2 * LANES - 1) / (2 * LANES);
  int parts = (blocks + part - 1) / part;
  int tasks = (tiles + strip - 1) / strip * parts;
  size_t v_pitch = depth + ROW_GAP, m_pitch = part * 2 * LANES + ROW_GAP;
  size_t v_step = strip * v_pitch, m_step = strip * m_pitch;
  global float *v = scratch + get_group_id(0) * slot;
  global float *m = v + POSITIONS * v_step;
  for (int task = (int)get_group_id(0); task < tasks; task += (int)get_num_groups(0)) {
    int start = task / parts * strip;
    int block = task % parts * part;
    int last_block = min(block + part, blocks);
    int count = min(strip, tiles - start);
    // Past the last tile the last one stands in, up to a whole number of rows.
    int rows = (count + PIXELS - 1) / PIXELS * PIXELS;
    for (int row = 0; row < rows; row++) {
      tile_place place = place_of(start + min(row, count - 1), out_height, out_width);
      global const element *pixels[POSITIONS];
      find_pixels(first, zeros, first_depth, place, in_height, in_width, top, left, doubling, pixels);
      for (int i = 0; i < first_depth; i += LANES) transform_tile(pixels, i, v + row * v_pitch + i, v_step);
      if (second_depth > 0) {
        find_pixels(second, zeros, second_depth, place, in_height, in_width, top, left, doubling, pixels);
        global float *right = v + row * v_pitch + first_depth;
        for (int i = 0; i < second_depth; i += LANES) transform_tile(pixels, i, right + i, v_step);
      }
    }
    for (int position = 0; position < POSITIONS; position++) {
      for (int n = block; n < last_block; n++) {
        global const float *weights = packed + ((size_t)position * blocks + n) * depth * (2 * LANES);
        global float *products = m + position * m_step + (n - block) * 2 * LANES;
        for (int row = 0; row < rows; row += PIXELS) {
          multiply_rows(
              v + position * v_step + row * v_pitch, v_pitch, weights, depth, products + row * m_pitch, m_pitch);
        }
      }
    }
    int columns = (last_block - block) * 2 * LANES;
    for (int row = 0; row < count; row++) {
      tile_place place = place_of(start + row, out_height, out_width);
      for (int column = 0; column < columns; column += LANES) {
        finish_tile(
            m + row * m_pitch + column, m_step, bias, offset, residual, output, channels, place, out_height, out_width,
            block * 2 * LANES + column, features, scale);
      }
    }
  }
}

ELEMENTWISE kernel void transform_input(
    global const element *first, global const element *second, global const element *zeros, global float *v,
    int first_channels, int second_channels, int in_height, int in_width, int out_height, int out_width, int first_tile,
    int tiles, int top, int left, int doubling) {
  size_t index = get_global_id(0);
  int first_depth = PADDED(first_channels), second_depth = PADDED(second_channels);
  int depth = first_depth + second_depth;
  int tile = (int)(index / (depth / LANES));
  if (tile >= tiles) return;
  int channel = (int)(index % (depth / LANES)) * LANES;
  bool is_first = channel < first_depth;
  global const element *pixels[POSITIONS];
  find_pixels(
      is_first ? first : second, zeros, is_first ? first_depth : second_depth,
      place_of(first_tile + tile, out_height, out_width), in_height, in_width, top, left, doubling, pixels);
  transform_tile(
      pixels, is_first ? channel : channel - first_depth, v + (size_t)tile * depth + channel, (size_t)tiles * depth);
}

ELEMENTWISE kernel void transform_output(
    global const float *m, global const float *bias, global const element *offset, global const element *residual,
    global element *output, int channels, int out_height, int out_width, int first_tile, int tiles, int features,
    float scale) {
  size_t index = get_global_id(0);
  int vectors = PADDED(channels) / LANES;
  int tile = (int)(index / vectors);
  if (tile >= tiles) return;
  int channel = (int)(index % vectors) * LANES;
  finish_tile(
      m + (size_t)tile * PADDED(channels) + channel, (size_t)tiles * PADDED(channels), bias, offset, residual, output,
      channels, place_of(first_tile + tile, out_height, out_width), out_height, out_width, channel, features, scale);
}
