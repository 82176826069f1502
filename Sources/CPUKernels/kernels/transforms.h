// The one-dimensional transforms of Winograd's minimal filtering F(m, 3) for m = 4 and m = 2 outputs (Lavin and Gray 2015).
//
// Interpolation points for m = 4: 0, +-sqrt(1/2), +-sqrt 2 and infinity. Their products stay near one, and the error stays
// within twice that of the direct method (three times smaller than with the usual 0, +-1, +-2). For m = 2: 0, +-1, infinity.

#define POINT_A 0.70710678118654752f
#define POINT_B 1.41421356237309505f

/// The positions of a transform for m = 4: 0, two pairs of points of either sign, and infinity.
INLINE void put_positions(
    vector zero, vector even_a, vector odd_a, vector even_b, vector odd_b, vector infinity, vector *to) {
  to[0] = zero;
  to[1] = even_a + odd_a;
  to[2] = even_a - odd_a;
  to[3] = even_b + odd_b;
  to[4] = even_b - odd_b;
  to[5] = infinity;
}

/// B^T d: m + 2 values of the input to as many positions.
INLINE void transform_input(const int m, const vector *d, vector *to) {
  if (m == 2) {
    to[0] = d[0] - d[2];
    to[1] = d[1] + d[2];
    to[2] = d[2] - d[1];
    to[3] = d[3] - d[1];
    return;
  }
  vector even_a = d[4] - 2.0f * d[2], odd_a = (d[3] - 2.0f * d[1]) * POINT_A;
  vector even_b = d[4] - 0.5f * d[2], odd_b = (d[3] - 0.5f * d[1]) * POINT_B;
  put_positions(
      (d[4] - 2.5f * d[2]) + d[0], even_a, odd_a, even_b, odd_b, (d[5] - 2.5f * d[3]) + d[1], to);
}

/// G g: three taps to m + 2 positions.
INLINE void transform_taps(const int m, const vector *g, vector *to) {
  if (m == 2) {
    vector even = 0.5f * (g[0] + g[2]), odd = 0.5f * g[1];
    to[0] = g[0];
    to[1] = even + odd;
    to[2] = even - odd;
    to[3] = g[2];
    return;
  }
  vector even_a = (g[0] + 0.5f * g[2]) * (-2.0f / 3), odd_a = g[1] * (POINT_A * (-2.0f / 3));
  vector even_b = (g[0] + 2.0f * g[2]) * (1.0f / 6), odd_b = g[1] * (POINT_B / 6);
  put_positions(g[0], even_a, odd_a, even_b, odd_b, g[2], to);
}

/// A^T p: m + 2 positions to m outputs.
INLINE void transform_output(const int m, const vector *p, vector *to) {
  if (m == 2) {
    to[0] = p[0] + (p[1] + p[2]);
    to[1] = (p[1] - p[2]) + p[3];
    return;
  }
  vector sum_a = p[1] + p[2], odd_a = (p[1] - p[2]) * POINT_A;
  vector sum_b = p[3] + p[4], odd_b = (p[3] - p[4]) * POINT_B;
  to[0] = p[0] + sum_a + sum_b;
  to[1] = odd_a + odd_b;
  to[2] = 0.5f * sum_a + 2.0f * sum_b;
  to[3] = 0.5f * odd_a + 2.0f * odd_b + p[5];
}

/// G g G^T: a 3x3 filter to (height + 2) x (width + 2) positions, row by row.
INLINE void transform_filter(const int height, const int width, const vector taps[9], vector *positions) {
  vector half[3][6];
  UNROLL for (int r = 0; r < 3; r++) transform_taps(width, taps + 3 * r, half[r]);
  UNROLL for (int x = 0; x < width + 2; x++) {
    vector line[3] = {half[0][x], half[1][x], half[2][x]}, result[6];
    transform_taps(height, line, result);
    UNROLL for (int y = 0; y < height + 2; y++) positions[y * (width + 2) + x] = result[y];
  }
}

/// A y: the adjoint of ``transform_output`` for m = 4, four values of a gradient to six positions.
INLINE void transform_gradient(const vector *y, vector *to) {
  vector even_a = y[0] + 0.5f * y[2], odd_a = (y[1] + 0.5f * y[3]) * POINT_A;
  vector even_b = y[0] + 2.0f * y[2], odd_b = (y[1] + 2.0f * y[3]) * POINT_B;
  put_positions(y[0], even_a, odd_a, even_b, odd_b, y[3], to);
}

/// G^T u: the adjoint of ``transform_taps`` for m = 4, six positions to three taps.
INLINE void transform_sums(const vector *u, vector *to) {
  vector even_a = (u[1] + u[2]) * (-2.0f / 3), odd_a = (u[1] - u[2]) * (POINT_A * (-2.0f / 3));
  vector even_b = (u[3] + u[4]) * (1.0f / 6), odd_b = (u[3] - u[4]) * (POINT_B / 6);
  to[0] = u[0] + (even_a + even_b);
  to[1] = odd_a + odd_b;
  to[2] = u[5] + (0.5f * even_a + 2.0f * even_b);
}
