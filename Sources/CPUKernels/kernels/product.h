// Products of gathered rows with packed filters.
//
// A lies in scratch as rows of DEPTH values at a fixed STRIDE, so that a register tile addresses all of its rows from one
// pointer. B is packed in panels of PANEL columns: [panel][k][PANEL]. Every element of the result is summed in the order
// of k, one pass after the other, whatever tile it falls into: a row's value does not depend on its neighbours.

enum {
  PANEL = 2 * LANES,
  DEPTH = 256,
  // A row more than a multiple of 4096 bytes apart from the next would share its cache sets.
  STRIDE = DEPTH + 16,
};

/// `rows` x `vectors * LANES` sums over `depth`, added to C if `adds`.
INLINE void product_tile(
    const int rows, const int vectors, const float *restrict a, const float *restrict b, long depth,
    float *restrict c, long c_stride, bool adds) {
  vector sums[TILE_ROWS][2];
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int j = 0; j < vectors; j++) sums[i][j] = splat(0);
  for (long k = 0; k < depth; k++) {
    vector right[2];
    UNROLL for (int j = 0; j < vectors; j++) right[j] = load(b + k * PANEL + j * LANES);
    UNROLL for (int i = 0; i < rows; i++) {
      vector left = splat(a[i * STRIDE + k]);
      UNROLL for (int j = 0; j < vectors; j++) sums[i][j] += left * right[j];
    }
  }
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int j = 0; j < vectors; j++) {
      float *to = c + i * c_stride + j * LANES;
      store(to, adds ? load(to) + sums[i][j] : sums[i][j]);
    }
}

typedef void tile_function(const float *a, const float *b, long depth, float *c, long c_stride, bool adds);

#define TILE(rows)                                                                                              \
  static void tile_##rows##_1(const float *a, const float *b, long depth, float *c, long c_stride, bool adds) { \
    product_tile(rows, 1, a, b, depth, c, c_stride, adds);                                                      \
  }                                                                                                             \
  static void tile_##rows##_2(const float *a, const float *b, long depth, float *c, long c_stride, bool adds) { \
    product_tile(rows, 2, a, b, depth, c, c_stride, adds);                                                      \
  }
#define PAIR(rows) {tile_##rows##_1, tile_##rows##_2}

TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#if TILE_ROWS == 14
TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12) TILE(13) TILE(14)
#endif

static tile_function *const tiles[TILE_ROWS][2] = {
    PAIR(1), PAIR(2), PAIR(3), PAIR(4), PAIR(5), PAIR(6),
#if TILE_ROWS == 14
    PAIR(7), PAIR(8), PAIR(9), PAIR(10), PAIR(11), PAIR(12), PAIR(13), PAIR(14),
#endif
};

/// C [rows x columns] (+)= A [rows x depth] B, with B's panels `panel_stride` apart and C's rows `c_stride`.
///
/// Rows are shared out evenly among tiles, since a low tile waits for its additions.
static void product(
    long rows, long columns, long depth, const float *a, const float *b, long panel_stride, float *c, long c_stride,
    bool adds) {
  long count = (rows + TILE_ROWS - 1) / TILE_ROWS;
  for (long tile = 0, row = 0; tile < count; tile++) {
    long height = rows / count + (tile < rows % count);
    for (long column = 0; column < columns; column += PANEL)
      tiles[height - 1][columns - column > LANES](
          a + row * STRIDE, b + column / PANEL * panel_stride, depth, c + row * c_stride + column, c_stride, adds);
    row += height;
  }
}
