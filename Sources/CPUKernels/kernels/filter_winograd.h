// The gradient of a 3x3 filter by Winograd's minimal filtering: the adjoint of the convolution in kernels/winograd.h, term by
// term. With V = B^T d B of a tile's inputs and D = A y A^T of its 4x4 gradients, the sums over tiles of V times D are the
// gradient of the transformed filter, 36 products a tile where the direct method takes 144, and G^T (.) G leads to nine taps.
//
// A task owns a range of tiles, `block_channels` input channels and `block_columns` output channels; it transforms
// `strip_rows` tiles at a time, so that they stay in the second-level cache, and adds their products to sums of its own.

/// Transforms the gradients of a strip's tiles, channels `column` ..< `column + columns`, into [position][tile][stride].
INLINE void transform_gradients(
    const cpu_convolution *o, const float *gradient, const pixel_place *places, long tiles, long column, long columns,
    long stride, float *to) {
  static const float zeros[MOST_BLOCK_COLUMNS + LANES];
  for (long tile = 0; tile < tiles; tile++) {
    long rows = o->output_height - (places[tile].y + o->top), width = o->output_width - (places[tile].x + o->left);
    const float *base = gradient + places[tile].output * o->output_channels + column, *sources[16];
    UNROLL for (int y = 0; y < 4; y++)
      UNROLL for (int x = 0; x < 4; x++)
        sources[4 * y + x] = y < rows && x < width ? base + (y * o->output_width + x) * o->output_channels : zeros;
    FOR_VECTORS(columns, {
      vector half[6][4];
      UNROLL for (int x = 0; x < 4; x++) {
        vector line[4], result[6];
        UNROLL for (int y = 0; y < 4; y++) line[y] = GET(sources[4 * y + x]);
        transform_gradient(line, result);
        UNROLL for (int y = 0; y < 6; y++) half[y][x] = result[y];
      }
      UNROLL for (int y = 0; y < 6; y++) {
        vector result[6];
        transform_gradient(half[y], result);
        UNROLL for (int x = 0; x < 6; x++) store(to + ((6 * y + x) * tiles + tile) * stride + i, result[x]);
      }
    })
  }
}

/// Task `index` sums one range of tiles into one block of channels and columns.
static void filter_gradient_4x4(const void *arguments, long index, void *scratch) {
  const cpu_tiled_filter_gradient *o = arguments;
  const cpu_convolution *layer = &o->convolution;
  const tile_shape shape = {CPU_FLOATS, 4, 4};
  const int positions = positions_of(shape);
  long channels = operand_channels(&layer->operand), columns = layer->output_channels;
  long blocks = (channels + o->block_channels - 1) / o->block_channels;
  long column_blocks = (columns + layer->block_columns - 1) / layer->block_columns;
  long first_channel = index % blocks * o->block_channels, piece = index / blocks / column_blocks;
  long first_column = index / blocks % column_blocks * layer->block_columns;
  long depth = channels - first_channel < o->block_channels ? channels - first_channel : o->block_channels;
  long width = columns - first_column < layer->block_columns ? columns - first_column : layer->block_columns;
  long panels = (columns + PANEL - 1) / PANEL, stride = (width + LANES - 1) / LANES * LANES;
  float *sums = o->sums + piece * positions * panels * channels * PANEL;
  for (long position = 0; position < positions; position++)
    for (long column = first_column; column < first_column + width; column += PANEL)
      memset(
          sums + ((position * panels + column / PANEL) * channels + first_channel) * PANEL, 0,
          sizeof(float) * (size_t)(depth * PANEL));

  long total = tiles_in_all(shape, layer);
  long end = (piece + 1) * total / o->pieces;
  for (long first = piece * total / o->pieces; first < end; first += layer->strip_rows) {
    long tiles = end - first < layer->strip_rows ? end - first : layer->strip_rows;
    pixel_place places[MOST_TILES];
    place_tiles(shape, layer, first, tiles, places);
    long v_stride = ((depth + 15) & ~15L) + SLACK;
    float *v = scratch, *d = v + positions * tiles * v_stride;
    transform_strip(shape, layer, places, tiles, first_channel, depth, v, v_stride);
    transform_gradients(layer, o->gradient, places, tiles, first_column, width, stride, d);
    for (long position = 0; position < positions; position++)
      for (long column = 0; column < width; column += PANEL) {
        long panel = position * panels + (first_column + column) / PANEL;
        filter_rows(
            v + position * tiles * v_stride, v_stride, 0, depth, d + position * tiles * stride + column, stride, 0, tiles, 1,
            width - column > LANES ? 2 : 1, sums + (panel * channels + first_channel) * PANEL);
      }
  }
}

/// Task `index` adds the sums of one channel of one panel up and writes them as [output][input][tap].
static void fold_filter_gradient_4x4(const void *arguments, long index, void *scratch) {
  const cpu_tiled_filter_gradient *o = arguments;
  long channels = operand_channels(&o->convolution.operand), columns = o->convolution.output_channels;
  long panels = (columns + PANEL - 1) / PANEL, panel = index / channels, channel = index % channels;
  for (long j = 0; j < PANEL && panel * PANEL + j < columns; j += LANES) {
    vector half[6][3], taps[9];
    UNROLL for (int y = 0; y < 6; y++) {
      vector line[6];
      UNROLL for (int x = 0; x < 6; x++) {
        const float *from = o->sums + (((6 * y + x) * panels + panel) * channels + channel) * PANEL + j;
        line[x] = load(from);
        for (long piece = 1; piece < o->pieces; piece++)
          line[x] += load(from + piece * MOST_POSITIONS * panels * channels * PANEL);
      }
      transform_sums(line, half[y]);
    }
    UNROLL for (int s = 0; s < 3; s++) {
      vector line[6], result[3];
      UNROLL for (int y = 0; y < 6; y++) line[y] = half[y][s];
      transform_sums(line, result);
      UNROLL for (int r = 0; r < 3; r++) taps[3 * r + s] = result[r];
    }
    for (long lane = 0, output = panel * PANEL + j; lane < LANES && output < columns; lane++, output++)
      UNROLL for (int tap = 0; tap < 9; tap++)
        o->destination[(output * channels + channel) * 9 + tap] = taps[tap][lane];
  }
}
