// Filters into panels of PANEL output channels, the columns past the last channel filled with zeros.

/// To [panel][tap][channel][PANEL].
static void pack_filter(const void *arguments, long panel, void *scratch) {
  const cpu_packing *o = arguments;
  float *packed = o->packed + panel * o->taps * o->channels * PANEL;
  for (long column = 0; column < PANEL; column++) {
    long output = panel * PANEL + column;
    const float *from = o->source + output * o->channels * o->taps;
    for (long c = 0; c < o->channels; c++)
      for (long tap = 0; tap < o->taps; tap++)
        packed[(tap * o->channels + c) * PANEL + column] = output < o->outputs ? from[c * o->taps + tap] : 0;
  }
}

/// G g: three taps to six positions.
INLINE void transform_taps(double g0, double g1, double g2, double to[6]) {
  const double a = 0.70710678118654752440, b = 1.41421356237309504880;
  double even_a = (g0 + 0.5 * g2) / -1.5, odd_a = a * g1 / -1.5, even_b = (g0 + 2 * g2) / 6, odd_b = b * g1 / 6;
  to[0] = g0;
  to[1] = even_a + odd_a;
  to[2] = even_a - odd_a;
  to[3] = even_b + odd_b;
  to[4] = even_b - odd_b;
  to[5] = g2;
}

/// To [position][panel][channel][PANEL], each 3x3 filter transformed as kernels/winograd.h says.
static void pack_winograd(const void *arguments, long panel, void *scratch) {
  const cpu_packing *o = arguments;
  long panels = (o->outputs + PANEL - 1) / PANEL, size = o->channels * PANEL;
  for (long column = 0; column < PANEL; column++) {
    long output = panel * PANEL + column;
    for (long c = 0; c < o->channels; c++) {
      float *to = o->packed + panel * size + c * PANEL + column;
      const float *g = o->source + (output * o->channels + c) * 9;
      double half[3][6], line[6];
      for (int r = 0; r < 3; r++) {
        if (output < o->outputs) transform_taps(g[3 * r], g[3 * r + 1], g[3 * r + 2], half[r]);
        else memset(half[r], 0, sizeof half[r]);
      }
      for (int x = 0; x < 6; x++) {
        transform_taps(half[0][x], half[1][x], half[2][x], line);
        for (int y = 0; y < 6; y++) to[(6 * y + x) * panels * size] = (float)line[y];
      }
    }
  }
}
