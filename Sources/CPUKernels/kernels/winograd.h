// 3x3 convolutions with stride 1 by Winograd's minimal filtering: F(4x4, 3x3) takes 36 products for 16 outputs where the
// direct method takes 144, F(2x4, 3x3) takes 24 for 8. See kernels/transforms.h for the transforms.
//
// A task owns `strip_rows` tiles of outputs and `block_columns` output channels. The filter is packed by position,
// [position][panel][word of channel][PANEL]; or, for maps of few tiles, where reading so large a form would take longer
// than the products, as for gathered strips, and panels are transformed as they are multiplied.

enum {
  MOST_POSITIONS = 36,
  MOST_TILES = 32,
};

/// The extents of a tile, all known when a kernel is compiled.
typedef struct {
  cpu_word word;
  int height, width;  // of the outputs: 2 or 4
} tile_shape;

INLINE int positions_of(const tile_shape shape) { return (shape.height + 2) * (shape.width + 2); }

/// Tiles that cover the outputs of all images.
INLINE long tiles_in_all(const tile_shape shape, const cpu_convolution *o) {
  long rows = (o->output_height + shape.height - 1) / shape.height;
  return o->batch * rows * ((o->output_width + shape.width - 1) / shape.width);
}

/// Transforms `count` channels of one tile; `sources` are its pixels, `to` the tile's row of the first position.
INLINE void transform_tile(
    const tile_shape shape, const float *const sources[MOST_POSITIONS], long count, float *to, long place,
    long position_stride) {
  const int height = shape.height + 2, width = shape.width + 2;
  FOR_VECTORS(count, {
    vector half[6][6];
    UNROLL for (int x = 0; x < width; x++) {
      vector line[6], result[6];
      UNROLL for (int y = 0; y < height; y++) line[y] = GET(sources[width * y + x]);
      transform_input(shape.height, line, result);
      UNROLL for (int y = 0; y < height; y++) half[y][x] = result[y];
    }
    UNROLL for (int y = 0; y < height; y++) {
      vector result[6];
      transform_input(shape.width, half[y], result);
      UNROLL for (int x = 0; x < width; x++) {
        float *row = to + (width * y + x) * position_stride;
        if (shape.word == CPU_FLOATS) store(row + place + i, result[x]);
        else store_bfloats((loose_bfloat *)row + place + i, result[x]);
      }
    }
  })
}

/// Transforms channels c ..< c + depth of the strip's tiles into V [position][tile][v_stride].
INLINE void transform_strip(
    const tile_shape shape, const cpu_convolution *o, const pixel_place *places, long tiles, long c, long depth,
    float *v, long v_stride) {
  static const float zeros[2 * DEPTH + LANES];
  const int rows = shape.height + 2, columns = shape.width + 2;
  long seam = o->operand.first_channels, height = o->height << o->shift, width = o->width << o->shift;
  for (long tile = 0; tile < tiles; tile++) {
    // The pixels that the tile reads, by row and column; -1 is outside of the image.
    long row_pixels[6], column_pixels[6];
    UNROLL for (int r = 0; r < rows; r++) {
      long y = places[tile].y + r;
      row_pixels[r] = y >= 0 && y < height ? (places[tile].image * o->height + (y >> o->shift)) * o->width : -1;
    }
    UNROLL for (int s = 0; s < columns; s++) {
      long x = places[tile].x + s;
      column_pixels[s] = x >= 0 && x < width ? x >> o->shift : -1;
    }
    for (long done = 0; done < depth;) {
      bool is_first = c + done < seam;
      long channels = is_first ? seam : o->operand.second_channels, start = is_first ? c + done : c + done - seam;
      long count = channels - start < depth - done ? channels - start : depth - done;
      const float *base = (is_first ? o->operand.first : o->operand.second) + start, *sources[MOST_POSITIONS];
      UNROLL for (int r = 0; r < rows; r++)
        UNROLL for (int s = 0; s < columns; s++) {
          bool inside = row_pixels[r] >= 0 && column_pixels[s] >= 0;
          sources[columns * r + s] = inside ? base + (row_pixels[r] + column_pixels[s]) * channels : zeros;
        }
      transform_tile(shape, sources, count, v + tile * v_stride, done, tiles * v_stride);
      done += count;
    }
    if (depth % IN_A_WORD(shape.word))
      for (int position = 0; position < positions_of(shape); position++)
        put_zeros(shape.word, v + (position * tiles + tile) * v_stride, depth, 1);
  }
}

/// Turns the products of one tile into outputs with the epilogue added; `m` is the tile's row of the first position.
INLINE void finish_tile(
    const tile_shape shape, const cpu_convolution *o, const float *m, long position_stride, const float *addends,
    const pixel_place *place, long column, long columns) {
  const int positions = shape.width + 2;
  long top = place->y + o->top, left = place->x + o->left;
  long height = o->output_height - top < shape.height ? o->output_height - top : shape.height;
  long width = o->output_width - left < shape.width ? o->output_width - left : shape.width;
  long origin = place->output * o->output_channels + column;
  const float *residual = o->epilogue.residual;
  FOR_VECTORS(columns, {
    vector half[4][6];
    UNROLL for (int x = 0; x < positions; x++) {
      vector line[6], result[4];
      UNROLL for (int y = 0; y < shape.height + 2; y++) line[y] = load(m + (positions * y + x) * position_stride + i);
      transform_output(shape.height, line, result);
      UNROLL for (int y = 0; y < shape.height; y++) half[y][x] = result[y];
    }
    vector addend = GET(addends);
    for (long y = 0; y < height; y++) {
      vector result[4];
      transform_output(shape.width, half[y], result);
      UNROLL for (long x = 0; x < shape.width; x++) {
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
INLINE void place_tiles(
    const tile_shape shape, const cpu_convolution *o, long first, long tiles, pixel_place *places) {
  long height = (o->output_height + shape.height - 1) / shape.height;
  long width = (o->output_width + shape.width - 1) / shape.width;
  long x = first % width, y = first / width % height, image = first / width / height;
  for (long tile = 0; tile < tiles; tile++) {
    places[tile] = (pixel_place){
        .image = image,
        .y = shape.height * y - o->top,
        .x = shape.width * x - o->left,
        .output = (image * o->output_height + shape.height * y) * o->output_width + shape.width * x,
    };
    if (++x == width) x = 0, y++;
    if (y == height) y = 0, image++;
  }
}

/// Transforms channels c ..< c + depth of a panel packed as [tap][channel][PANEL] into [position][CPU_PASSING_DEPTH][PANEL].
INLINE void transform_panel(const tile_shape shape, const float *panel, long channels, long c, long depth, float *to) {
  for (long k = 0; k < depth; k++)
    for (long j = 0; j < PANEL; j += LANES) {
      vector taps[9], positions[MOST_POSITIONS];
      UNROLL for (int tap = 0; tap < 9; tap++) taps[tap] = load(panel + (tap * channels + c + k) * PANEL + j);
      transform_filter(shape.height, shape.width, taps, positions);
      UNROLL for (int position = 0; position < positions_of(shape); position++)
        store(to + (position * CPU_PASSING_DEPTH + k) * PANEL + j, positions[position]);
    }
}

INLINE void convolve_tiles(
    const tile_shape shape, const bool passing, const cpu_convolution *o, long index, void *scratch) {
  const int positions = positions_of(shape);
  long blocks = (o->output_channels + o->block_columns - 1) / o->block_columns;
  long column = index % blocks * o->block_columns, strip = index / blocks;
  long columns = o->output_channels - column < o->block_columns ? o->output_channels - column : o->block_columns;
  long total = tiles_in_all(shape, o);
  long first = strip * o->strip_rows, tiles = total - first < o->strip_rows ? total - first : o->strip_rows;

  pixel_place places[MOST_TILES];
  place_tiles(shape, o, first, tiles, places);

  long channels = o->operand.first_channels + o->operand.second_channels, words = words_of(shape.word, channels);
  long limit = passing ? CPU_PASSING_DEPTH : DEPTH, passes = (words + limit - 1) / limit;
  long pass_words = ((words + passes - 1) / passes + 15) & ~15L;
  long panels = (o->output_channels + PANEL - 1) / PANEL;
  long stride = (columns + PANEL - 1) / PANEL * PANEL;
  long v_stride = pass_words + SLACK, m_position = tiles * stride + SLACK;
  float *v = scratch, *m = v + positions * tiles * v_stride;
  float *u = m + positions * m_position;
  for (long w = 0; w < words; w += pass_words) {
    long count = words - w < pass_words ? words - w : pass_words;
    long c = w * IN_A_WORD(shape.word), end = (w + count) * IN_A_WORD(shape.word);
    transform_strip(shape, o, places, tiles, c, (end < channels ? end : channels) - c, v, v_stride);
    for (long first = 0; first < columns; first += passing ? PANEL : columns) {
      long width = passing && columns - first > PANEL ? PANEL : columns - first, panel = (column + first) / PANEL;
      if (passing) transform_panel(shape, o->filter + panel * 9 * channels * PANEL, channels, c, count, u);
      for (long position = 0; position < positions; position++) {
        const float *filter = passing ? u + position * CPU_PASSING_DEPTH * PANEL
                                      : o->filter + ((position * panels + panel) * words + w) * PANEL;
        product(
            shape.word, tiles, width, count, v + position * tiles * v_stride, v_stride, filter, words * PANEL,
            m + position * m_position + first, stride, w > 0);
      }
    }
  }

  float addends[MOST_BLOCK_COLUMNS];
  for (long tile = 0; tile < tiles; tile++) {
    if (tile == 0 || places[tile].image != places[tile - 1].image)
      fill_addends(o, places[tile].image, column, columns, addends);
    finish_tile(shape, o, m + tile * stride, m_position, addends, &places[tile], column, columns);
  }
}

#define TILED(name, word, height, width, passing)                                                       \
  static void name(const void *arguments, long index, void *scratch) {                                  \
    convolve_tiles((tile_shape){word, height, width}, passing, arguments, index, scratch);              \
  }

TILED(convolve_4x4, CPU_FLOATS, 4, 4, false)
TILED(convolve_2x4, CPU_PAIRS, 2, 4, false)
TILED(convolve_4x4_passing, CPU_FLOATS, 4, 4, true)
