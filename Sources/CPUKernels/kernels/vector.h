// Vectors of LANES values and the functions of networks on them.

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int32_t ivector __attribute__((vector_size(4 * LANES)));
typedef uint32_t uvector __attribute__((vector_size(4 * LANES)));
typedef uint64_t wide_uvector __attribute__((vector_size(8 * LANES)));
typedef float loose_vector __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define UNROLL _Pragma("clang loop unroll(full)")
#define INLINE static inline __attribute__((always_inline))

INLINE vector load(const float *from) { return *(const loose_vector *)from; }
INLINE void store(float *to, vector values) { *(loose_vector *)to = values; }
/// A value in every lane. (x - 0 is x for every x, so nothing is computed; 0 + x is not, for -0.)
INLINE vector splat(float value) { return value - (vector){}; }

/// Copies `count` < 8 values in pieces of 4, 2 and 1: a call would take longer than the copy.
INLINE void copy_part(float *to, const float *from, long count) {
  if (count & 4) memcpy(to, from, 4 * sizeof *to), to += 4, from += 4;
  if (count & 2) memcpy(to, from, 2 * sizeof *to), to += 2, from += 2;
  if (count & 1) *to = *from;
}

/// The first `count` < LANES values, then zeros.
INLINE vector load_part(const float *from, long count) {
#if LANES == 16
  return (vector)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), from);
#else
  float values[LANES] = {0};
  copy_part(values, from, count);
  return load(values);
#endif
}

/// Writes the first `count` < LANES values.
INLINE void store_part(float *to, vector values, long count) {
#if LANES == 16
  _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), (__m512)values);
#else
  float copies[LANES];
  store(copies, values);
  copy_part(to, copies, count);
#endif
}

/// A value rounded to its upper half, ties to even; a NaN stays one.
INLINE uint16_t bfloat_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return value != value ? (uint16_t)(bits >> 16 | 0x40) : (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

typedef uint16_t bfloats __attribute__((vector_size(2 * LANES)));
typedef bfloats loose_bfloats __attribute__((aligned(2), may_alias));
typedef uint16_t loose_bfloat __attribute__((may_alias));

/// Writes values rounded to their upper halves.
INLINE void store_bfloats(loose_bfloat *to, vector values) {
#if HAS_BFLOAT16
  *(loose_bfloats *)to = (bfloats)_mm512_cvtneps_pbh((__m512)values);
#else
  uvector bits = (uvector)values, rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  ivector is_nan = values != values;
  rounded = ((uvector)is_nan & (bits >> 16 | 0x40)) | (~(uvector)is_nan & rounded);
  *(loose_bfloats *)to = __builtin_convertvector(rounded, bfloats);
#endif
}

/// Runs a statement for each vector of `count` values, `i` its place: GET(p) and PUT(p, v) read and write at p + i.
#define FOR_VECTORS(count, ...)                                       \
  {                                                                   \
    long i = 0, part = 0;                                             \
    for (; i + LANES <= (count); i += LANES) __VA_ARGS__              \
    if ((part = (count)-i) > 0) __VA_ARGS__                           \
  }
#define GET(pointer) (__builtin_expect(part == 0, 1) ? load((pointer) + i) : load_part((pointer) + i, part))
#define PUT(pointer, values)                                      \
  do {                                                            \
    if (__builtin_expect(part == 0, 1)) store((pointer) + i, values); \
    else store_part((pointer) + i, values, part);                 \
  } while (0)

/// `mask ? yes : no`, the mask as comparisons give it.
INLINE vector choose(ivector mask, vector yes, vector no) {
  return (vector)((mask & (ivector)yes) | (~mask & (ivector)no));
}

// Compare and choose keep a NaN in `x`, which minimum and maximum instructions lose.
INLINE vector at_most(vector x, vector limit) { return choose(x > limit, limit, x); }
INLINE vector at_least(vector x, vector limit) { return choose(x < limit, limit, x); }

INLINE vector square_root(vector x) {
  for (int lane = 0; lane < LANES; lane++) x[lane] = sqrtf(x[lane]);
  return x;
}

INLINE float sum_of(vector x) {
  float sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += x[lane];
  return sum;
}

INLINE float largest_of(vector x) {
  float largest = x[0];
  for (int lane = 1; lane < LANES; lane++) largest = x[lane] > largest || x[lane] != x[lane] ? x[lane] : largest;
  return largest;
}

/// e^x = 2^n e^r with x = n ln 2 + r: e^r by a polynomial (Cephes' coefficients), to within 2 units in the last place.
INLINE vector exponential_parts(vector x, ivector *n_of_x) {
  const float rounder = 0x1.8p23f;
  vector shifted = x * 1.44269504088896341f + rounder;
  vector n = shifted - rounder;
  vector r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  // Three lines at once: one after the other would wait for each other's results.
  vector square = r * r;
  vector p = 1.9875691500e-4f * r + 1.3981999507e-3f;
  p = p * square + (8.3334519073e-3f * r + 4.1665795894e-2f);
  p = p * square + (1.6666665459e-1f * r + 5.0000001201e-1f);
  *n_of_x = (ivector)shifted - (ivector)splat(rounder);
  return p * square + (r + 1.0f);
}

INLINE vector exponential(vector x) {
  ivector n;
  vector p = exponential_parts(at_least(at_most(x, splat(89.0f)), splat(-104.0f)), &n);
  // 2^n in two factors, so that results near either end of the range neither overflow nor vanish too early.
  ivector half = n >> 1;
  return p * (vector)((half + 127) << 23) * (vector)((n - half + 127) << 23);
}

/// 1 + e^x, for which 2^n is one factor: below -87 nothing is left of it beside the one, and from 88.4 on it is infinite.
INLINE vector one_and_exponential(vector x) {
  ivector n;
  vector p = exponential_parts(at_least(at_most(x, splat(89.0f)), splat(-87.0f)), &n);
  return p * (vector)((n + 127) << 23) + 1.0f;
}

INLINE vector gelu(vector x) {
  for (int lane = 0; lane < LANES; lane++) x[lane] = 0.5f * x[lane] * (1 + erff(x[lane] * 0.70710678118654752f));
  return x;
}

/// x tanh(log(1 + e)) with e = exp x, which is x (e^2 + 2e) / (e^2 + 2e + 2).
INLINE vector mish(vector x) {
  vector e = exponential(at_most(x, splat(20.0f)));
  vector numerator = e * (e + 2.0f);
  return x * (numerator / (numerator + 2.0f));
}

INLINE vector apply(cpu_function function, vector x) {
  switch (function) {
  case CPU_IDENTITY: return x;
  case CPU_SILU: return x / one_and_exponential(-x);
  case CPU_MISH: return mish(x);
  case CPU_GELU: return gelu(x);
  case CPU_RELU: return at_least(x, splat(0));
  }
}

/// Runs a statement with `function` a constant, so that loops inside are compiled for each function.
#define FOR_FUNCTION(value, STATEMENT)                            \
  switch (value) {                                                \
  case CPU_IDENTITY: { const cpu_function function = CPU_IDENTITY; STATEMENT; } break; \
  case CPU_SILU: { const cpu_function function = CPU_SILU; STATEMENT; } break; \
  case CPU_MISH: { const cpu_function function = CPU_MISH; STATEMENT; } break; \
  case CPU_GELU: { const cpu_function function = CPU_GELU; STATEMENT; } break; \
  case CPU_RELU: { const cpu_function function = CPU_RELU; STATEMENT; } break; \
  }
