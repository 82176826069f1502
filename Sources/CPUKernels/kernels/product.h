// Products of gathered rows with packed filters.
//
// A lies as rows of at most DEPTH words, `a_stride` words apart. A word is a float, or a pair of bfloat16 values that lie
// one after the other along k (the first in the low half). B is packed in panels of PANEL columns: [panel][word of
// k][PANEL]. Every element of the result is summed in the order of k, one pass after the other, whatever tile it falls
// into: a row's value does not depend on its neighbours.

enum {
  PANEL = 2 * LANES,
  DEPTH = 256,
  // Between the rows of A in scratch: room for a vector that ends later, and full rows that share no cache sets, as they
  // would a multiple of 4096 bytes apart.
  SLACK = 16,
  STRIDE = DEPTH + SLACK,
};

/// Values in a word.
#define IN_A_WORD(word) ((word) == CPU_PAIRS ? 2 : 1)

/// Words that hold `count` values.
INLINE long words_of(const cpu_word word, long count) { return (count + IN_A_WORD(word) - 1) / IN_A_WORD(word); }

/// The low or high values of pairs, as floats.
INLINE vector low_of(uvector pairs) { return (vector)(pairs << 16); }
INLINE vector high_of(uvector pairs) { return (vector)(pairs & 0xffff0000u); }

/// Adds the products of one word of A with a vector of words of B.
INLINE vector multiply_add(const cpu_word word, vector sum, float left, vector right) {
  if (word == CPU_FLOATS) return sum + splat(left) * right;
#if HAS_BFLOAT16
  return (vector)_mm512_dpbf16_ps((__m512)sum, (__m512bh)splat(left), (__m512bh)right);
#else
  uvector pairs = (uvector)splat(left);
  return (sum + low_of(pairs) * low_of((uvector)right)) + high_of(pairs) * high_of((uvector)right);
#endif
}

/// `rows` x `vectors * LANES` sums over `depth` words, added to C if `adds`.
INLINE void product_tile(
    const cpu_word word, const int rows, const int vectors, const float *restrict a, long a_stride, const float *restrict b,
    long depth, float *restrict c, long c_stride, bool adds) {
  vector sums[TILE_ROWS][2];
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int j = 0; j < vectors; j++) sums[i][j] = splat(0);
  for (long k = 0; k < depth; k++) {
    vector right[2];
    UNROLL for (int j = 0; j < vectors; j++) right[j] = load(b + k * PANEL + j * LANES);
    UNROLL for (int i = 0; i < rows; i++)
      UNROLL for (int j = 0; j < vectors; j++)
        sums[i][j] = multiply_add(word, sums[i][j], a[i * a_stride + k], right[j]);
  }
  UNROLL for (int i = 0; i < rows; i++)
    UNROLL for (int j = 0; j < vectors; j++) {
      float *to = c + i * c_stride + j * LANES;
      store(to, adds ? load(to) + sums[i][j] : sums[i][j]);
    }
}

typedef void tile_function(
    const float *a, long a_stride, const float *b, long depth, float *c, long c_stride, bool adds);

#define TILE_OF(word, rows, vectors)                                                      \
  static void tile_##word##_##rows##_##vectors(                                           \
      const float *a, long a_stride, const float *b, long depth, float *c, long c_stride, \
      bool adds) {                                                                        \
    product_tile(word, rows, vectors, a, a_stride, b, depth, c, c_stride, adds);          \
  }
#define TILE(rows) TILE_OF(CPU_FLOATS, rows, 1) TILE_OF(CPU_FLOATS, rows, 2) TILE_OF(CPU_PAIRS, rows, 1) TILE_OF(CPU_PAIRS, rows, 2)
#define ROW(word, rows) {tile_##word##_##rows##_1, tile_##word##_##rows##_2}

TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
#if TILE_ROWS == 14
TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12) TILE(13) TILE(14)
#define ROWS(word)                                                                                              \
  {ROW(word, 1), ROW(word, 2), ROW(word, 3), ROW(word, 4), ROW(word, 5), ROW(word, 6), ROW(word, 7),            \
   ROW(word, 8), ROW(word, 9), ROW(word, 10), ROW(word, 11), ROW(word, 12), ROW(word, 13), ROW(word, 14)}
#else
#define ROWS(word) {ROW(word, 1), ROW(word, 2), ROW(word, 3), ROW(word, 4), ROW(word, 5), ROW(word, 6)}
#endif

static tile_function *const tiles[CPU_WORDS][TILE_ROWS][2] = {ROWS(CPU_FLOATS), ROWS(CPU_PAIRS)};

/// C [rows x columns] (+)= A [rows x depth] B, with B's panels `panel_stride` words apart and C's rows `c_stride` values.
///
/// Rows are shared out evenly among tiles, since a low tile waits for its additions.
static void product(
    cpu_word word, long rows, long columns, long depth, const float *a, long a_stride, const float *b,
    long panel_stride, float *c, long c_stride, bool adds) {
  long count = (rows + TILE_ROWS - 1) / TILE_ROWS;
  for (long tile = 0, row = 0; tile < count; tile++) {
    long height = rows / count + (tile < rows % count);
    for (long column = 0; column < columns; column += PANEL)
      tiles[word][height - 1][columns - column > LANES](
          a + row * a_stride, a_stride, b + column / PANEL * panel_stride, depth, c + row * c_stride + column, c_stride,
          adds);
    row += height;
  }
}
