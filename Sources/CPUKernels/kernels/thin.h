// Convolutions to a few channels, as a network's last: a column of the product for each of them would leave most of a panel
// empty. Here vectors run along the input's channels, which lie one after the other at each tap, and nothing is gathered.
//
// A task owns `strip_rows` output pixels as in kernels/convolution.h. A pixel's sum for an output channel is taken vector by
// vector in the order of (operand, tap, channel), then over the lanes: it does not depend on its neighbours.

/// Adds one operand's products to sums [pixels][outputs]; `filter` begins with the operand's first channel.
INLINE void add_thin(
    const cpu_convolution *o, const int pixels, const int outputs, const pixel_place *places, const float *source,
    long channels, const float *filter, vector sums[][CPU_THIN]) {
  static const float zeros[CPU_THIN_DEPTH];
  long stride = operand_channels(&o->operand), height = o->height << o->shift, width = o->width << o->shift;
  for (long tap = 0; tap < o->taps; tap++) {
    const float *from[4], *factors = filter + tap * stride;
    UNROLL for (int p = 0; p < pixels; p++) {
      long y = places[p].y + tap / o->kernel_width, x = places[p].x + tap % o->kernel_width;
      bool inside = y >= 0 && y < height && x >= 0 && x < width;
      long pixel = (places[p].image * o->height + (y >> o->shift)) * o->width + (x >> o->shift);
      from[p] = inside ? source + pixel * channels : zeros;
    }
    FOR_VECTORS(channels, {
      vector values[4];
      UNROLL for (int p = 0; p < pixels; p++) values[p] = GET(from[p]);
      UNROLL for (int output = 0; output < outputs; output++) {
        vector factor = GET(factors + output * o->taps * stride);
        UNROLL for (int p = 0; p < pixels; p++) sums[p][output] += values[p] * factor;
      }
    })
  }
}

INLINE void thin_tile(const cpu_convolution *o, const int pixels, const int outputs, const pixel_place *places) {
  vector sums[4][CPU_THIN];
  UNROLL for (int p = 0; p < pixels; p++)
    UNROLL for (int output = 0; output < outputs; output++) sums[p][output] = splat(0);
  const cpu_operand *operand = &o->operand;
  add_thin(o, pixels, outputs, places, operand->first, operand->first_channels, o->filter, sums);
  if (operand->second)
    add_thin(
        o, pixels, outputs, places, operand->second, operand->second_channels, o->filter + operand->first_channels,
        sums);
  UNROLL for (int p = 0; p < pixels; p++) {
    float products[CPU_THIN], addends[CPU_THIN];
    UNROLL for (int output = 0; output < outputs; output++) products[output] = sum_of(sums[p][output]);
    fill_addends(o, places[p].image, 0, outputs, addends);
    finish_row(o, products, addends, places[p].output, 0, outputs);
  }
}

/// Pixels in tiles whose sums fill the registers, then one by one.
INLINE void thin_strip(
    const cpu_convolution *o, const int pixels, const int outputs, const pixel_place *places, long rows) {
  long row = 0;
  for (; row + pixels <= rows; row += pixels) thin_tile(o, pixels, outputs, places + row);
  for (; row < rows; row++) thin_tile(o, 1, outputs, places + row);
}

static void convolve_thin(const void *arguments, long strip, void *scratch) {
  const cpu_convolution *o = arguments;
  long total = o->batch * o->output_height * o->output_width, first = strip * o->strip_rows;
  long rows = total - first < o->strip_rows ? total - first : o->strip_rows;
  pixel_place places[MOST_STRIP_ROWS];
  place_pixels(o, 0, first, rows, places);
  switch (o->output_channels) {
  case 1: thin_strip(o, 4, 1, places, rows); break;
  case 2: thin_strip(o, 4, 2, places, rows); break;
  case 3: thin_strip(o, 4, 3, places, rows); break;
  case 4: thin_strip(o, 2, 4, places, rows); break;
  }
}
