// The gradient of a convolution's filter: sum over pixels of an input value times a gradient's value.
//
// A task owns a panel of output channels and a range of the result's rows, which it takes in strips of a few rows whose
// values stay in the first-level cache. For each tap and each tile of TILE_ROWS input channels the sums over a strip are
// kept in registers: a pixel's gradients are a vector, its input values are broadcast, and neither is moved before. The
// sums of a task lie in memory of their own, [tap][channel][PANEL], and are added up afterwards in the order of the tasks.

/// How outputs along one axis read inputs at a tap: output `first + m * step` reads input `from + m * input_step`.
typedef struct {
  long first, step, from, input_step, begin, end;  // begin <= m < end are inside of both
} filter_axis;

/// The largest whole number that is not above a / 2^shift is a >> shift; this is the smallest not below a / b.
INLINE long divided_up(long a, long b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }

/// One of `phases` interleaved sets of outputs in [low, high) along an axis of `extent` inputs (before doubling).
INLINE filter_axis axis_of(
    long phase, long phases, long stride, long shift, long tap, long before, long extent, long low, long high) {
  filter_axis axis = {.first = phase, .step = phases};
  axis.input_step = shift ? stride * phases / 2 : stride;
  axis.from = (stride * phase + tap - before) >> shift;
  axis.begin = divided_up(low - phase, phases);
  axis.end = divided_up(high - phase, phases);
  long inside = divided_up(-axis.from, axis.input_step), outside = divided_up(extent - axis.from, axis.input_step);
  if (inside > axis.begin) axis.begin = inside;
  if (outside < axis.end) axis.end = outside;
  return axis;
}

/// Adds to sums [rows][PANEL] over `lines` lines of `count` pixels.
INLINE void filter_tile(
    const int rows, const int vectors, const float *x, long x_step, long x_line, const float *g, long g_step, long g_line,
    long count, long lines, float *to) {
  vector sums[TILE_ROWS][2];
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int j = 0; j < vectors; j++) sums[i][j] = load(to + i * PANEL + j * LANES);
  for (long line = 0; line < lines; line++) {
    const float *left = x + line * x_line, *right = g + line * g_line;
    for (long pixel = 0; pixel < count; pixel++) {
      vector gradients[2];
      UNROLL for (int j = 0; j < vectors; j++) gradients[j] = load(right + j * LANES);
      UNROLL for (int i = 0; i < rows; i++)
        UNROLL for (int j = 0; j < vectors; j++) sums[i][j] += splat(left[i]) * gradients[j];
      left += x_step;
      right += g_step;
    }
  }
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int j = 0; j < vectors; j++) store(to + i * PANEL + j * LANES, sums[i][j]);
}

typedef void filter_function(
    const float *x, long x_step, long x_line, const float *g, long g_step, long g_line, long count, long lines, float *to);

#define FILTER_OF(rows, vectors)                                                                                   \
  static void filter_##rows##_##vectors(                                                                           \
      const float *x, long x_step, long x_line, const float *g, long g_step, long g_line, long count, long lines,  \
      float *to) {                                                                                                 \
    filter_tile(rows, vectors, x, x_step, x_line, g, g_step, g_line, count, lines, to);                            \
  }
#define FILTER(rows) FILTER_OF(rows, 1) FILTER_OF(rows, 2)
#define FILTER_ROW(rows) {filter_##rows##_1, filter_##rows##_2}

FILTER(1) FILTER(2) FILTER(3) FILTER(4) FILTER(5) FILTER(6)
#if TILE_ROWS == 14
FILTER(7) FILTER(8) FILTER(9) FILTER(10) FILTER(11) FILTER(12) FILTER(13) FILTER(14)
static filter_function *const filter_tiles[TILE_ROWS][2] = {
    FILTER_ROW(1), FILTER_ROW(2), FILTER_ROW(3), FILTER_ROW(4), FILTER_ROW(5), FILTER_ROW(6), FILTER_ROW(7),
    FILTER_ROW(8), FILTER_ROW(9), FILTER_ROW(10), FILTER_ROW(11), FILTER_ROW(12), FILTER_ROW(13), FILTER_ROW(14)};
#else
static filter_function *const filter_tiles[TILE_ROWS][2] = {FILTER_ROW(1), FILTER_ROW(2), FILTER_ROW(3), FILTER_ROW(4),
                                                            FILTER_ROW(5), FILTER_ROW(6)};
#endif

/// Adds to sums [channels][PANEL] over `lines` lines of `count` pixels, the channels shared out evenly among register tiles.
static void filter_rows(
    const float *x, long x_step, long x_line, long channels, const float *g, long g_step, long g_line, long count,
    long lines, int vectors, float *to) {
  long tile_count = (channels + TILE_ROWS - 1) / TILE_ROWS;
  for (long tile = 0, channel = 0; tile < tile_count; tile++) {
    long height = channels / tile_count + (tile < channels % tile_count);
    filter_tiles[height - 1][vectors - 1](
        x + channel, x_step, x_line, g, g_step, g_line, count, lines, to + channel * PANEL);
    channel += height;
  }
}

/// Channels of one operand times a strip, for one tap; `to` holds the sums of its first channel.
static void filter_channels(
    const cpu_filter_gradient *o, const float *x, long channels, const float *g, long sample, filter_axis rows,
    filter_axis columns, int vectors, float *to) {
  long count = columns.end - columns.begin, lines = rows.end - rows.begin;
  if (count <= 0 || lines <= 0) return;
  long x_line = rows.input_step * o->width * channels, x_step = columns.input_step * channels;
  long g_line = rows.step * o->output_width * o->gradient_stride, g_step = columns.step * o->gradient_stride;
  x += ((sample * o->height + rows.from + rows.begin * rows.input_step) * o->width + columns.from +
        columns.begin * columns.input_step) *
       channels;
  g += ((sample * o->output_height + rows.first + rows.begin * rows.step) * o->output_width + columns.first +
        columns.begin * columns.step) *
       o->gradient_stride;
  filter_rows(x, x_step, x_line, channels, g, g_step, g_line, count, lines, vectors, to);
}

/// Task `index` sums one range of rows into one panel.
static void filter_gradient(const void *arguments, long index, void *scratch) {
  const cpu_filter_gradient *o = arguments;
  long channels = operand_channels(&o->operand), panels = (o->output_channels + PANEL - 1) / PANEL;
  long panel = index % panels, piece = index / panels, rows = o->batch * o->output_height;
  long row = piece * rows / o->pieces, last = (piece + 1) * rows / o->pieces;
  long size = o->taps * channels * PANEL;
  float *sums = o->sums + index * size;
  memset(sums, 0, sizeof(float) * (size_t)size);
  const float *g = o->gradient + panel * PANEL;
  int vectors = o->output_channels - panel * PANEL > LANES ? 2 : 1;
  long phases = o->shift && o->stride % 2 ? 2 : 1;
  while (row < last) {
    long sample = row / o->output_height, low = row % o->output_height, high = low + o->strip_rows;
    if (high > o->output_height) high = o->output_height;
    if (high - low > last - row) high = low + last - row;
    for (long tap = 0; tap < o->taps; tap++)
      for (long phase = 0; phase < phases * phases; phase++) {
        filter_axis vertical = axis_of(
            phase / phases, phases, o->stride, o->shift, tap / o->kernel_width, o->top, o->height, low, high);
        filter_axis horizontal = axis_of(
            phase % phases, phases, o->stride, o->shift, tap % o->kernel_width, o->left, o->width, 0, o->output_width);
        float *to = sums + tap * channels * PANEL;
        filter_channels(o, o->operand.first, o->operand.first_channels, g, sample, vertical, horizontal, vectors, to);
        if (o->operand.second)
          filter_channels(
              o, o->operand.second, o->operand.second_channels, g, sample, vertical, horizontal, vectors,
              to + o->operand.first_channels * PANEL);
      }
    row += high - low;
  }
}

/// Task `index` adds the sums of one tap and panel up and writes them as [output][input][tap].
static void fold_filter_gradient(const void *arguments, long index, void *scratch) {
  const cpu_filter_gradient *o = arguments;
  long channels = operand_channels(&o->operand), panels = (o->output_channels + PANEL - 1) / PANEL;
  long taps = o->taps, panel = index / taps, tap = index % taps, size = taps * channels * PANEL;
  long outputs = o->output_channels - panel * PANEL < PANEL ? o->output_channels - panel * PANEL : PANEL;
  for (long i = 0; i < channels; i++) {
    const float *from = o->sums + panel * size + (tap * channels + i) * PANEL;
    vector first = load(from), second = load(from + LANES);
    for (long piece = 1; piece < o->pieces; piece++) {
      from += panels * size;
      first += load(from);
      second += load(from + LANES);
    }
    float values[PANEL];
    store(values, first);
    store(values + LANES, second);
    for (long k = 0; k < outputs; k++)
      o->destination[((panel * PANEL + k) * channels + i) * taps + tap] = values[k];
  }
}

/// Task `index` copies one row of a gradient whose channels do not fill vectors, with zeros at the end of each pixel.
static void pad_channels(const void *arguments, long index, void *scratch) {
  const cpu_filter_gradient *o = arguments;
  const float *from = o->unpadded + index * o->output_width * o->output_channels;
  float *to = o->padded + index * o->output_width * o->gradient_stride;
  memset(to, 0, sizeof(float) * (size_t)(o->output_width * o->gradient_stride));
  for (long x = 0; x < o->output_width; x++)
    memcpy(to + x * o->gradient_stride, from + x * o->output_channels, sizeof(float) * (size_t)o->output_channels);
}
