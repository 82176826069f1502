// Images into and out of the channels-last layout, their sizes halved and doubled, blurred, and the windows of pooling. A task is one row of
// one image.

static void enter(const void *arguments, long index, void *scratch) {
  const cpu_images *o = arguments;
  long image = index / o->height, y = index % o->height;
  float *to = o->destination + index * o->width * o->channels;
  for (long c = 0; c < o->channels; c++) {
    const float *from = o->source + ((image * o->channels + c) * o->height + y) * o->width;
    for (long x = 0; x < o->width; x++) to[x * o->channels + c] = o->scale * from[x] + o->shift;
  }
}

static void leave(const void *arguments, long index, void *scratch) {
  const cpu_images *o = arguments;
  long image = index / o->height, y = index % o->height;
  const float *from = o->source + index * o->width * o->channels;
  for (long c = 0; c < o->channels; c++) {
    float *to = o->destination + ((image * o->channels + c) * o->height + y) * o->width;
    for (long x = 0; x < o->width; x++) to[x] = from[x * o->channels + c];
  }
}

/// A row of the smaller image; an odd last row or column of the source is not read.
static void halve(const void *arguments, long index, void *scratch) {
  const cpu_images *o = arguments;
  long height = o->height / 2, width = o->width / 2, line = o->width * o->channels;
  long image = index / height, y = index % height;
  const float *above = o->source + (image * o->height + 2 * y) * line, *below = above + line;
  for (long x = 0; x < width; x++) {
    const float *a = above + 2 * x * o->channels, *b = below + 2 * x * o->channels;
    float *to = o->destination + (index * width + x) * o->channels;
    FOR_VECTORS(o->channels, {
      PUT(to, ((GET(a) + GET(a + o->channels)) + (GET(b) + GET(b + o->channels))) * 0.25f);
    })
  }
}

/// A row of the source, written to two rows.
static void double_size(const void *arguments, long index, void *scratch) {
  const cpu_images *o = arguments;
  long line = 2 * o->width * o->channels;
  for (long x = 0; x < o->width; x++) {
    const float *from = o->source + (index * o->width + x) * o->channels;
    float *to = o->destination + 2 * index * line + 2 * x * o->channels, *below = to + line;
    FOR_VECTORS(o->channels, {
      vector values = GET(from);
      PUT(to, values);
      PUT(to + o->channels, values);
      PUT(below, values);
      PUT(below + o->channels, values);
    })
  }
}

/// A row of the result; pixels outside of the image are left out.
static void blur(const void *arguments, long index, void *scratch) {
  const cpu_blur *b = arguments;
  const cpu_images *o = &b->images;
  long height = o->height + 2 * b->margin, width = o->width + 2 * b->margin, line = o->width * o->channels;
  long image = index / height, y = index % height - b->margin;
  const float *row = o->source + (image * o->height + y) * line;
  for (long column = 0; column < width; column++) {
    long x = column - b->margin, first = x > 0 ? x - 1 : 0, last = x + 1 < o->width ? x + 1 : o->width - 1;
    float *to = o->destination + (index * width + column) * o->channels;
    FOR_VECTORS(o->channels, {
      vector sum = splat(0);
      for (long neighbour = first; neighbour <= last; neighbour++) {
        const float *place = row + neighbour * o->channels;
        vector values = y >= 0 && y < o->height ? GET(place) * 2.0f : splat(0);
        if (y > 0) values += GET(place - line);
        if (y + 1 < o->height) values += GET(place + line);
        sum += neighbour == x ? values * 2.0f : values;
      }
      PUT(to, sum * 0.0625f);
    })
  }
}

/// The larger of two values, a NaN if either is one.
INLINE vector larger(vector x, vector y) { return choose((x > y) | (x != x), x, y); }

/// A row of the result; windows are cut where the image ends, and no window is empty.
static void pool_windows(const void *arguments, long index, void *scratch) {
  const cpu_pooling *o = arguments;
  long channels = o->images.channels, height = o->images.height, width = o->images.width;
  long image = index / o->output_height, top = index % o->output_height * o->stride - o->padding;
  long first_row = top < 0 ? 0 : top, last_row = top + o->size < height ? top + o->size : height;
  for (long x = 0; x < o->output_width; x++) {
    long left = x * o->stride - o->padding;
    long first = left < 0 ? 0 : left, last = left + o->size < width ? left + o->size : width;
    const float *corner = o->images.source + ((image * height + first_row) * width + first) * channels;
    float *to = o->images.destination + (index * o->output_width + x) * channels;
    float share = 1.0f / (float)((last_row - first_row) * (last - first));
    FOR_VECTORS(channels, {
      vector result = o->is_maximum ? GET(corner) : splat(0);
      for (long row = 0; row < last_row - first_row; row++)
        for (long column = 0; column < last - first; column++) {
          vector value = GET(corner + (row * width + column) * channels);
          result = o->is_maximum ? larger(value, result) : result + value;
        }
      PUT(to, o->is_maximum ? result : result * share);
    })
  }
}
