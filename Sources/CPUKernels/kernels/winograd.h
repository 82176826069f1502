// 3x3 convolutions with stride 1 by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2015): 36 products for 16
// outputs where the direct method takes 144.
//
// Interpolation points 0, +-sqrt(1/2), +-sqrt 2 and infinity: their products stay near one, and the error stays within
// twice that of the direct method (three times smaller than with the usual 0, +-1, +-2). A task owns `strip_rows` tiles
// of 4x4 outputs and `block_columns` output channels; the filter is packed by position: [36][panel][channels][PANEL].

enum { POSITIONS = 36, MOST_TILES = 32 };
#define POINT_A 0.70710678118654752f
#define POINT_B 1.41421356237309505f

/// B^T d: six values of the input to six positions.
INLINE void transform_input(const vector d[6], vector to[6]) {
  vector even_a = d[4] - 2.0f * d[2], odd_a = (d[3] - 2.0f * d[1]) * POINT_A;
  vector even_b = d[4] - 0.5f * d[2], odd_b = (d[3] - 0.5f * d[1]) * POINT_B;
  to[0] = (d[4] - 2.5f * d[2]) + d[0];
  to[1] = even_a + odd_a;
  to[2] = even_a - odd_a;
  to[3] = even_b + odd_b;
  to[4] = even_b - odd_b;
  to[5] = (d[5] - 2.5f * d[3]) + d[1];
}

/// A^T m: six positions to four outputs.
INLINE void transform_output(const vector m[6], vector to[4]) {
  vector sum_a = m[1] + m[2], odd_a = (m[1] - m[2]) * POINT_A;
  vector sum_b = m[3] + m[4], odd_b = (m[3] - m[4]) * POINT_B;
  to[0] = m[0] + sum_a + sum_b;
  to[1] = odd_a + odd_b;
  to[2] = 0.5f * sum_a + 2.0f * sum_b;
  to[3] = 0.5f * odd_a + 2.0f * odd_b + m[5];
}

/// Transforms `count` channels of one tile; `sources` are the 36 pixels, `to` the tile's row of the first position.
static void transform_tile(const float *const sources[POSITIONS], long count, float *to, long position_stride) {
  FOR_VECTORS(count, {
    vector half[6][6];
    UNROLL for (int x = 0; x < 6; x++) {
      vector line[6], result[6];
      UNROLL for (int y = 0; y < 6; y++) line[y] = GET(sources[6 * y + x]);
      transform_input(line, result);
      UNROLL for (int y = 0; y < 6; y++) half[y][x] = result[y];
    }
    UNROLL for (int y = 0; y < 6; y++) {
      vector result[6];
      transform_input(half[y], result);
      UNROLL for (int x = 0; x < 6; x++) store(to + (6 * y + x) * position_stride + i, result[x]);
    }
  })
}

/// Transforms channels c ..< c + depth of the strip's tiles into V [position][tile][STRIDE].
static void transform_strip(const cpu_convolution *o, const pixel_place *places, long tiles, long c, long depth, float *v) {
  static const float zeros[DEPTH + LANES];
  long seam = o->operand.first_channels, height = o->height << o->shift, width = o->width << o->shift;
  for (long tile = 0; tile < tiles; tile++) {
    for (long done = 0; done < depth;) {
      bool is_first = c + done < seam;
      long channels = is_first ? seam : o->operand.second_channels, start = is_first ? c + done : c + done - seam;
      long count = channels - start < depth - done ? channels - start : depth - done;
      const float *base = (is_first ? o->operand.first : o->operand.second) + start, *sources[POSITIONS];
      for (long r = 0; r < 6; r++)
        for (long s = 0; s < 6; s++) {
          long y = places[tile].y + r, x = places[tile].x + s;
          bool inside = y >= 0 && y < height && x >= 0 && x < width;
          long pixel = (places[tile].image * o->height + (y >> o->shift)) * o->width + (x >> o->shift);
          sources[6 * r + s] = inside ? base + pixel * channels : zeros;
        }
      transform_tile(sources, count, v + tile * STRIDE + done, tiles * STRIDE);
      done += count;
    }
  }
}

/// Turns the products of one tile into outputs with the epilogue added; `m` is the tile's row of the first position.
static void finish_tile(
    const cpu_convolution *o, const float *m, long position_stride, const float *addends, const pixel_place *place,
    long column, long columns) {
  long top = place->y + o->top, left = place->x + o->left;
  long height = o->output_height - top < 4 ? o->output_height - top : 4;
  long width = o->output_width - left < 4 ? o->output_width - left : 4;
  long origin = place->output * o->output_channels + column;
  const float *residual = o->epilogue.residual;
  FOR_VECTORS(columns, {
    vector half[4][6];
    UNROLL for (int x = 0; x < 6; x++) {
      vector line[6], result[4];
      UNROLL for (int y = 0; y < 6; y++) line[y] = load(m + (6 * y + x) * position_stride + i);
      transform_output(line, result);
      UNROLL for (int y = 0; y < 4; y++) half[y][x] = result[y];
    }
    vector addend = GET(addends);
    for (long y = 0; y < height; y++) {
      vector result[4];
      transform_output(half[y], result);
      UNROLL for (long x = 0; x < 4; x++) {
        if (x >= width) break;
        long place = origin + (y * o->output_width + x) * o->output_channels;
        vector value = result[x] + addend;
        if (residual) value += GET(residual + place);
        PUT(o->destination + place, value * o->epilogue.scale);
      }
    }
  })
}

/// Finds where tiles begin in the input and in the destination.
static void place_tiles(const cpu_convolution *o, long first, long tiles, pixel_place *places) {
  long height = (o->output_height + 3) / 4, width = (o->output_width + 3) / 4;
  long x = first % width, y = first / width % height, image = first / width / height;
  for (long tile = 0; tile < tiles; tile++) {
    places[tile] = (pixel_place){
        .image = image,
        .y = 4 * y - o->top,
        .x = 4 * x - o->left,
        .output = (image * o->output_height + 4 * y) * o->output_width + 4 * x,
    };
    if (++x == width) x = 0, y++;
    if (y == height) y = 0, image++;
  }
}

static void convolve_winograd(const void *arguments, long index, void *scratch) {
  const cpu_convolution *o = arguments;
  long blocks = (o->output_channels + o->block_columns - 1) / o->block_columns;
  long column = index % blocks * o->block_columns, strip = index / blocks;
  long columns = o->output_channels - column < o->block_columns ? o->output_channels - column : o->block_columns;
  long total = o->batch * ((o->output_height + 3) / 4) * ((o->output_width + 3) / 4), first = strip * o->strip_rows;
  long tiles = total - first < o->strip_rows ? total - first : o->strip_rows;

  pixel_place places[MOST_TILES];
  place_tiles(o, first, tiles, places);

  long channels = o->operand.first_channels + o->operand.second_channels;
  long passes = (channels + DEPTH - 1) / DEPTH, pass_depth = ((channels + passes - 1) / passes + 15) & ~15L;
  long panels = (o->output_channels + PANEL - 1) / PANEL, panel_stride = channels * PANEL;
  long stride = (columns + PANEL - 1) / PANEL * PANEL;
  float *v = scratch, *m = v + POSITIONS * tiles * STRIDE;
  for (long c = 0; c < channels; c += pass_depth) {
    long depth = channels - c < pass_depth ? channels - c : pass_depth;
    transform_strip(o, places, tiles, c, depth, v);
    for (long position = 0; position < POSITIONS; position++) {
      const float *filter = o->filter + (position * panels + column / PANEL) * panel_stride + c * PANEL;
      product(
          tiles, columns, depth, v + position * tiles * STRIDE, filter, panel_stride, m + position * tiles * stride,
          stride, c > 0);
    }
  }

  float addends[MOST_BLOCK_COLUMNS];
  for (long tile = 0; tile < tiles; tile++) {
    if (tile == 0 || places[tile].image != places[tile - 1].image)
      fill_addends(o, places[tile].image, column, columns, addends);
    finish_tile(o, m + tile * stride, tiles * stride, addends, &places[tile], column, columns);
  }
}
