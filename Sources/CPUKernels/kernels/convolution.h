// Convolutions as products of gathered strips: no image is ever unrolled as a whole.
//
// A task owns `strip_rows` output pixels, in [batch, y, x] order, and `block_columns` output channels. For each pass of at
// most DEPTH words of k = (r * kernel_width + s) * channels + c it copies what its pixels read into scratch, then multiplies.
// Floats of a 1x1 filter are multiplied where they lie.

INLINE long operand_channels(const cpu_operand *operand) { return operand->first_channels + operand->second_channels; }

/// Where a pixel of the strip reads and writes.
typedef struct {
  long image, y, x;  // of the first tap, in the (doubled) input; may lie outside
  long output;       // pixel of the destination
} pixel_place;

enum { MOST_STRIP_ROWS = 256, MOST_BLOCK_COLUMNS = 512, ROWS_IN_PLACE = 4 * TILE_ROWS };

/// Writes values at places place ..< place + count of a row of words.
INLINE void put_values(const cpu_word word, float *row, long place, const float *from, long count) {
  if (word == CPU_FLOATS) {
    float *to = row + place;
    // A picture has so few channels that a vector is not worth it.
    switch (count) {
    case 3: to[2] = from[2]; to[1] = from[1]; to[0] = from[0]; return;
    case 1: to[0] = from[0]; return;
    }
    FOR_VECTORS(count, { PUT(to, GET(from)); })
  } else {
    loose_bfloat *to = (loose_bfloat *)row + place;
    FOR_VECTORS(count, { store_bfloats(to + i, GET(from)); })
  }
}

/// Writes zeros at places place ..< place + count of a row of words.
INLINE void put_zeros(const cpu_word word, float *row, long place, long count) {
  if (word == CPU_FLOATS) memset(row + place, 0, (size_t)count * sizeof(float));
  else memset((loose_bfloat *)row + place, 0, (size_t)count * sizeof(loose_bfloat));
}

/// Channels c ..< c + count of one pixel of an operand.
INLINE void put_channels(
    const cpu_word word, float *row, long place, const cpu_operand *operand, long pixel, long c, long count) {
  long seam = operand->first_channels;
  if (c < seam) {
    long head = count < seam - c ? count : seam - c;
    put_values(word, row, place, operand->first + pixel * seam + c, head);
    place += head, c += head, count -= head;
  }
  if (count > 0)
    put_values(word, row, place, operand->second + pixel * operand->second_channels + c - seam, count);
}

/// Copies values k ..< k + depth of each pixel's receptive field into rows of scratch.
INLINE void gather(
    const cpu_word word, const cpu_convolution *o, const pixel_place *places, long rows, long kernel_width, long k,
    long depth, float *a, long a_stride) {
  long channels = operand_channels(&o->operand);
  long height = o->height << o->shift, width = o->width << o->shift;
  for (long done = 0; done < depth;) {
    long tap = (k + done) / channels, c = (k + done) % channels;
    long count = channels - c < depth - done ? channels - c : depth - done;
    long r = tap / kernel_width, s = tap % kernel_width;
    for (long row = 0; row < rows; row++) {
      long y = places[row].y + r, x = places[row].x + s;
      float *to = a + row * a_stride;
      if (y < 0 || y >= height || x < 0 || x >= width) {
        put_zeros(word, to, done, count);
      } else {
        long pixel = (places[row].image * o->height + (y >> o->shift)) * o->width + (x >> o->shift);
        put_channels(word, to, done, &o->operand, pixel, c, count);
      }
    }
    done += count;
  }
  // What was left in the last half of a word must not be a NaN, which a filter of zero does not quench.
  if (depth % IN_A_WORD(word))
    for (long row = 0; row < rows; row++) put_zeros(word, a + row * a_stride, depth, 1);
}

/// Adds what the epilogue says to a row of products and stores it.
INLINE void finish_row(
    const cpu_convolution *o, const float *products, const float *addends, long output, long column, long columns) {
  long place = output * o->output_channels + column;
  const float *residual = o->epilogue.residual;
  float scale = o->epilogue.scale, *to = o->destination + place;
  if (residual) {
    residual += place;
    FOR_VECTORS(columns, { PUT(to, (GET(products) + GET(addends) + GET(residual)) * scale); })
  } else {
    FOR_VECTORS(columns, { PUT(to, (GET(products) + GET(addends)) * scale); })
  }
}

/// Bias and channel offset of a sample, added up.
INLINE void fill_addends(const cpu_convolution *o, long image, long column, long columns, float *addends) {
  const float *bias = o->epilogue.bias, *offset = o->epilogue.offset;
  for (long i = 0; i < columns; i++)
    addends[i] = (bias ? bias[column + i] : 0) + (offset ? offset[image * o->output_channels + column + i] : 0);
}

/// Finds where the strip's pixels read and write; `phase` is that of an output pixel when the input is doubled.
static void place_pixels(const cpu_convolution *o, long phase, long first, long rows, pixel_place *places) {
  long step = o->phases == 4 ? 2 : 1, py = phase / 2, px = phase % 2;
  long height = o->output_height / step, width = o->output_width / step;
  long x = first % width, y = first / width % height, image = first / width / height;
  for (long row = 0; row < rows; row++) {
    places[row] = (pixel_place){
        .image = image,
        .y = o->stride * y - o->top + py,
        .x = o->stride * x - o->left + px,
        .output = (image * o->output_height + step * y + py) * o->output_width + step * x + px,
    };
    if (++x == width) x = 0, y++;
    if (y == height) y = 0, image++;
  }
}

/// Whether an output pixel reads the input's pixel of the same place and no other, and few enough channels for the cache.
INLINE bool reads_in_place(const cpu_convolution *o) {
  return o->taps == 1 && o->stride == 1 && o->shift == 0 && o->phases == 1 && o->top == 0 && o->left == 0 &&
         o->output_height == o->height && o->output_width == o->width && o->operand.first_channels <= DEPTH &&
         o->operand.second_channels <= DEPTH;
}

/// Multiplies pixels first ..< first + rows where they lie: copies of them would serve a single product. Both operands are
/// added up for a few rows, whose sums stay in the first-level cache meanwhile.
INLINE void multiply_in_place(
    const cpu_convolution *o, long first, long rows, long columns, const float *filter, float *c, long stride) {
  const cpu_operand *x = &o->operand;
  long seam = x->first_channels, rest = x->second_channels, panel = (seam + rest) * PANEL;
  for (long row = 0; row < rows; row += ROWS_IN_PLACE) {
    long count = rows - row < ROWS_IN_PLACE ? rows - row : ROWS_IN_PLACE, pixel = first + row;
    float *to = c + row * stride;
    product(CPU_FLOATS, count, columns, seam, x->first + pixel * seam, seam, filter, panel, to, stride, false);
    if (rest > 0)
      product(
          CPU_FLOATS, count, columns, rest, x->second + pixel * rest, rest, filter + seam * PANEL, panel, to, stride, true);
  }
}

INLINE void convolve(const cpu_word word, const cpu_convolution *o, long index, void *scratch) {
  long blocks = (o->output_channels + o->block_columns - 1) / o->block_columns;
  long block = index % blocks, strip = index / blocks % o->strips, phase = index / blocks / o->strips;
  long column = block * o->block_columns;
  long columns = o->output_channels - column < o->block_columns ? o->output_channels - column : o->block_columns;
  long total = o->batch * o->output_height * o->output_width / o->phases;
  long first = strip * o->strip_rows;
  long rows = total - first < o->strip_rows ? total - first : o->strip_rows;

  pixel_place places[MOST_STRIP_ROWS];
  place_pixels(o, phase, first, rows, places);

  // The doubled input's phases are read by 2x2 filters: three taps of a row fall on two pixels.
  long kernel_width = o->phases == 4 ? 2 : o->kernel_width, taps = o->phases == 4 ? 4 : o->taps;
  long channels = operand_channels(&o->operand);
  long depth = taps * channels, words = words_of(word, depth), passes = (words + DEPTH - 1) / DEPTH;
  long pass_words = ((words + passes - 1) / passes + 15) & ~15L;
  long panels = (o->output_channels + PANEL - 1) / PANEL;
  const float *filter = o->filter + (phase * panels + column / PANEL) * words * PANEL;
  long stride = (columns + PANEL - 1) / PANEL * PANEL;
  long a_stride = pass_words + SLACK;
  float *a = scratch, *c = a + o->strip_rows * a_stride;
  bool in_place = word == CPU_FLOATS && reads_in_place(o);
  if (in_place) multiply_in_place(o, first, rows, columns, filter, c, stride);
  for (long w = in_place ? words : 0; w < words; w += pass_words) {
    long count = words - w < pass_words ? words - w : pass_words;
    long k = w * IN_A_WORD(word), end = (w + count) * IN_A_WORD(word);
    gather(word, o, places, rows, kernel_width, k, (end < depth ? end : depth) - k, a, a_stride);
    product(word, rows, columns, count, a, a_stride, filter + w * PANEL, words * PANEL, c, stride, w > 0);
  }

  float addends[MOST_BLOCK_COLUMNS];
  for (long row = 0; row < rows; row++) {
    if (row == 0 || places[row].image != places[row - 1].image)
      fill_addends(o, places[row].image, column, columns, addends);
    finish_row(o, c + row * stride, addends, places[row].output, column, columns);
  }
}

static void convolve_floats(const void *arguments, long index, void *scratch) {
  convolve(CPU_FLOATS, arguments, index, scratch);
}

static void convolve_pairs(const void *arguments, long index, void *scratch) {
  convolve(CPU_PAIRS, arguments, index, scratch);
}
