// Normals from Philox-4x32-10 (Salmon et al. 2011) by Box and Muller's transform, LANES counters at a time.

/// The natural logarithm of 1 + m, for m in [sqrt(1/2) - 1, sqrt 2 - 1] (Cephes' coefficients).
INLINE vector logarithm_near_one(vector m) {
  vector p = splat(7.0376836292e-2f), z = m * m;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  return p * m * z - z * 0.5f + m;
}

/// ln(w / 2^32 + 2^-33).
///
/// Near one the distance from one is what matters, and it is exact in the integers: 1 - u = (~w + 1/2) / 2^32.
INLINE vector logarithm_of_word(uvector w) {
  vector u = __builtin_convertvector(w, vector) * 0x1p-32f + 0x1p-33f;
  vector rest = __builtin_convertvector(~w, vector) * 0x1p-32f + 0x1p-33f;
  ivector bits = (ivector)u;
  vector exponent = __builtin_convertvector((bits >> 23) - 126, vector);
  vector m = (vector)((bits & 0x7fffff) | 0x3f000000);
  ivector low = m < 0.70710678118654752f;
  exponent = choose(low, exponent - 1.0f, exponent);
  m = choose(low, m + m, m) - 1.0f;
  ivector near_one = rest < 0.29f;
  m = choose(near_one, -rest, m);
  exponent = choose(near_one, splat(0), exponent);
  return logarithm_near_one(m) + exponent * -2.12194440e-4f + exponent * 0.693359375f;
}

/// Cosine and sine of 2 pi w / 2^32: the nearest quarter turn, then polynomials of what is left.
INLINE void turn(uvector w, vector *cosine, vector *sine) {
  uvector quarter = (w + 0x20000000u) >> 30;
  vector x = __builtin_convertvector((ivector)(w - (quarter << 30)), vector) * 1.46291807926715968e-9f;
  vector z = x * x;
  vector s = ((-1.9515295891e-4f * z + 8.3321608736e-3f) * z - 1.6666654611e-1f) * z * x + x;
  vector c = ((2.443315711809948e-5f * z - 1.388731625493765e-3f) * z + 4.166664568298827e-2f) * z * z - z * 0.5f + 1.0f;
  ivector odd = (ivector)(quarter & 1) != 0;
  vector cos_part = choose(odd, s, c), sin_part = choose(odd, c, s);
  *cosine = (vector)((uvector)cos_part ^ (((quarter + 1) & 2) << 30));
  *sine = (vector)((uvector)sin_part ^ ((quarter & 2) << 30));
}

INLINE void multiply_words(uint32_t by, uvector x, uvector *high, uvector *low) {
  wide_uvector product = __builtin_convertvector(x, wide_uvector) * (uint64_t)by;
  *high = __builtin_convertvector(product >> 32, uvector);
  *low = __builtin_convertvector(product, uvector);
}

/// Ten rounds on LANES counters.
INLINE void philox(uvector words[4], uint32_t key0, uint32_t key1) {
  for (int round = 0; round < 10; round++) {
    uvector high0, low0, high1, low1;
    multiply_words(0xD2511F53u, words[0], &high0, &low0);
    multiply_words(0xCD9E8D57u, words[2], &high1, &low1);
    words[0] = high1 ^ words[1] ^ key0;
    words[1] = low1;
    words[2] = high0 ^ words[3] ^ key1;
    words[3] = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
}

/// The words of one counter, for known answers.
static void philox_words(const uint32_t counter[4], const uint32_t key[2], uint32_t words[4]) {
  uvector counters[4];
  for (int word = 0; word < 4; word++) counters[word] = (uvector){} + counter[word];
  philox(counters, key[0], key[1]);
  for (int word = 0; word < 4; word++) words[word] = counters[word][LANES - 1];
}

/// Two normals from two words.
INLINE void two_normals(uvector radius_word, uvector angle_word, vector *first, vector *second) {
  vector square = logarithm_of_word(radius_word) * -2.0f, radius, cosine, sine;
  square = at_least(square, splat(0));
  for (int lane = 0; lane < LANES; lane++) radius[lane] = sqrtf(square[lane]);
  turn(angle_word, &cosine, &sine);
  *first = radius * cosine;
  *second = radius * sine;
}

static void fill_normal(const void *arguments, long index, void *scratch) {
  const cpu_rows *o = arguments;
  long row = index / o->chunks, start = index % o->chunks * o->chunk;
  long count = o->row_length - start < o->chunk ? o->row_length - start : o->chunk;
  float *to = o->destination + row * o->row_length + start;
  uint32_t key0 = (uint32_t)o->seeds[row], key1 = (uint32_t)(o->seeds[row] >> 32);
  for (long place = 0; place < count; place += 4 * LANES) {
    uvector words[4] = {{0}, (uvector){} + o->step, (uvector){} + o->draw, {0}};
    for (int lane = 0; lane < LANES; lane++) words[0][lane] = (uint32_t)((start + place) / 4 + lane);
    philox(words, key0, key1);
    vector z[4];
    two_normals(words[0], words[1], &z[0], &z[1]);
    two_normals(words[2], words[3], &z[2], &z[3]);
    float values[4 * LANES];
    for (int lane = 0; lane < LANES; lane++)
      for (int word = 0; word < 4; word++) values[4 * lane + word] = z[word][lane];
    memcpy(to + place, values, sizeof(float) * (size_t)(count - place < 4 * LANES ? count - place : 4 * LANES));
  }
}
