// Convolutions as products of gathered strips: no image is ever unrolled as a whole.
//
// A task owns `strip_rows` output pixels, in [batch, y, x] order, and `block_columns` output channels. For each pass of at
// most DEPTH values of k = (r * kernel + s) * channels + c it copies what its pixels read into scratch, then multiplies.

/// Where a pixel of the strip reads and writes.
typedef struct {
  long image, y, x;  // of the first tap, in the (doubled) input; may lie outside
  long output;       // pixel of the destination
} pixel_place;

enum { MOST_STRIP_ROWS = 256, MOST_BLOCK_COLUMNS = 512 };

INLINE void copy_values(float *to, const float *from, long count) {
  FOR_VECTORS(count, { PUT(to, GET(from)); })
}

INLINE void clear_values(float *to, long count) {
  FOR_VECTORS(count, { PUT(to, splat(0)); })
}

/// Channels c ..< c + count of one pixel of an operand.
INLINE void copy_channels(float *to, const cpu_operand *operand, long pixel, long c, long count) {
  long seam = operand->first_channels;
  if (c < seam) {
    long head = count < seam - c ? count : seam - c;
    copy_values(to, operand->first + pixel * seam + c, head);
    to += head, c += head, count -= head;
  }
  if (count > 0) copy_values(to, operand->second + pixel * operand->second_channels + c - seam, count);
}

/// Copies values k ..< k + depth of each pixel's receptive field into rows of scratch.
static void gather(
    const cpu_convolution *o, const pixel_place *places, long rows, long kernel, long k, long depth, float *a) {
  long channels = o->operand.first_channels + o->operand.second_channels;
  long height = o->height << o->shift, width = o->width << o->shift;
  for (long done = 0; done < depth;) {
    long tap = (k + done) / channels, c = (k + done) % channels;
    long count = channels - c < depth - done ? channels - c : depth - done;
    long r = tap / kernel, s = tap % kernel;
    for (long row = 0; row < rows; row++) {
      long y = places[row].y + r, x = places[row].x + s;
      float *to = a + row * STRIDE + done;
      if (y < 0 || y >= height || x < 0 || x >= width) {
        clear_values(to, count);
      } else {
        long pixel = (places[row].image * o->height + (y >> o->shift)) * o->width + (x >> o->shift);
        copy_channels(to, &o->operand, pixel, c, count);
      }
    }
    done += count;
  }
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

static void convolve(const void *arguments, long index, void *scratch) {
  const cpu_convolution *o = arguments;
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
  long kernel = o->phases == 4 ? 2 : o->kernel;
  long channels = o->operand.first_channels + o->operand.second_channels;
  long depth = kernel * kernel * channels, passes = (depth + DEPTH - 1) / DEPTH;
  long pass_depth = ((depth + passes - 1) / passes + 15) & ~15L;
  long panels = (o->output_channels + PANEL - 1) / PANEL;
  const float *filter = o->filter + (phase * panels + column / PANEL) * depth * PANEL;
  long stride = (columns + PANEL - 1) / PANEL * PANEL;
  float *a = scratch, *c = a + o->strip_rows * STRIDE;
  for (long k = 0; k < depth; k += pass_depth) {
    long count = depth - k < pass_depth ? depth - k : pass_depth;
    gather(o, places, rows, kernel, k, count, a);
    product(rows, columns, count, a, filter + k * PANEL, depth * PANEL, c, stride, k > 0);
  }

  float addends[MOST_BLOCK_COLUMNS];
  for (long row = 0; row < rows; row++) {
    if (row == 0 || places[row].image != places[row - 1].image)
      fill_addends(o, places[row].image, column, columns, addends);
    finish_row(o, c + row * stride, addends, places[row].output, column, columns);
  }
}
