// Group normalisation in two sweeps over memory.
//
// The first takes, for each chunk of pixels and each channel, a mean and then the sum and the sum of squares of what is
// left after subtracting it, while the chunk is in cache; these are folded into groups in double precision. The second
// applies (x - center) * factor + addend, whose subtraction is nearly exact: a mean of 100 with deviation 1 costs nothing.

/// Lines of the coefficients of a sample: center, factor, addend, 1 / deviation.
enum { COEFFICIENTS = 4 };

/// Sums that do not wait for each other: pixels are added to them in turn.
enum { CHAINS = 4 };

#define FOR_CHAINS(pixels, ...)                                           \
  {                                                                       \
    long pixel = 0;                                                       \
    while (pixel + CHAINS <= (pixels))                                    \
      UNROLL for (int chain = 0; chain < CHAINS; chain++, pixel++) __VA_ARGS__ \
    for (const int chain = 0; pixel < (pixels); pixel++) __VA_ARGS__      \
  }

INLINE vector sum_of_chains(const vector sums[CHAINS]) { return (sums[0] + sums[1]) + (sums[2] + sums[3]); }

/// Statistics of one activation's channels over a chunk: `to` holds three lines, `stride` apart.
static void describe_chunk(const float *x, long channels, long pixels, float *to, long stride) {
  FOR_VECTORS(channels, {
    vector sums[CHAINS] = {}, rests[CHAINS] = {}, squares[CHAINS] = {};
    FOR_CHAINS(pixels, { sums[chain] += GET(x + pixel * channels); })
    vector mean = sum_of_chains(sums) / (float)pixels;
    FOR_CHAINS(pixels, {
      vector deviation = GET(x + pixel * channels) - mean;
      rests[chain] += deviation;
      squares[chain] += deviation * deviation;
    })
    PUT(to, mean);
    PUT(to + stride, sum_of_chains(rests));
    PUT(to + 2 * stride, sum_of_chains(squares));
  })
}

static void chunk_statistics(const void *arguments, long index, void *scratch) {
  const cpu_normalization *o = arguments;
  long channels = operand_channels(&o->operand), seam = o->operand.first_channels;
  long sample = index / o->chunks, start = index % o->chunks * o->chunk_pixels;
  long pixels = o->pixels - start < o->chunk_pixels ? o->pixels - start : o->chunk_pixels;
  long pixel = sample * o->pixels + start;
  float *to = o->statistics + index * 3 * channels;
  describe_chunk(o->operand.first + pixel * seam, seam, pixels, to, channels);
  if (seam < channels)
    describe_chunk(
        o->operand.second + pixel * (channels - seam), channels - seam, pixels, to + seam, channels);
}

/// Folds the statistics of one sample into groups.
static void normalization_coefficients(const void *arguments, long sample, void *scratch) {
  const cpu_normalization *o = arguments;
  long channels = operand_channels(&o->operand), width = channels / o->groups;
  const float *statistics = o->statistics + sample * o->chunks * 3 * channels;
  float *center = o->coefficients + sample * COEFFICIENTS * channels, *factor = center + channels;
  float *addend = factor + channels, *reciprocal = addend + channels;
  double count = (double)o->pixels * (double)width;
  for (long first = 0; first < channels; first += width) {
    double sum = 0, squares = 0;
    for (long chunk = 0; chunk < o->chunks; chunk++) {
      const float *mean = statistics + chunk * 3 * channels, *rest = mean + channels;
      long pixels = chunk + 1 < o->chunks ? o->chunk_pixels : o->pixels - chunk * o->chunk_pixels;
      for (long c = first; c < first + width; c++) sum += (double)mean[c] * (double)pixels + rest[c];
    }
    double average = sum / count;
    for (long chunk = 0; chunk < o->chunks; chunk++) {
      const float *mean = statistics + chunk * 3 * channels, *rest = mean + channels, *square = rest + channels;
      long pixels = chunk + 1 < o->chunks ? o->chunk_pixels : o->pixels - chunk * o->chunk_pixels;
      for (long c = first; c < first + width; c++) {
        double offset = mean[c] - average;
        squares += square[c] + offset * (2 * rest[c] + offset * (double)pixels);
      }
    }
    double scale = 1 / sqrt(squares / count + (double)o->epsilon);
    for (long c = first; c < first + width; c++) {
      double multiplier = 1, shift = 0;
      if (o->scale_shift) {
        multiplier = 1 + (double)o->scale_shift[sample * 2 * channels + c];
        shift = o->scale_shift[sample * 2 * channels + channels + c];
      }
      double slope = scale * o->gamma[c];
      reciprocal[c] = (float)scale;
      center[c] = (float)average;
      factor[c] = (float)(slope * multiplier);
      addend[c] = (float)((o->beta[c] - (average - center[c]) * slope) * multiplier + shift);
    }
  }
}

INLINE void normalize_pixel(
    const cpu_function function, const float *x, long channels, const float *center, long stride, float *to) {
  FOR_VECTORS(channels, {
    PUT(to, apply(function, (GET(x) - GET(center)) * GET(center + stride) + GET(center + 2 * stride)));
  })
}

static void normalize(const void *arguments, long index, void *scratch) {
  const cpu_normalization *o = arguments;
  long channels = operand_channels(&o->operand), seam = o->operand.first_channels;
  long sample = index / o->chunks, start = index % o->chunks * o->chunk_pixels;
  long pixels = o->pixels - start < o->chunk_pixels ? o->pixels - start : o->chunk_pixels;
  const float *center = o->coefficients + sample * COEFFICIENTS * channels;
  long first = sample * o->pixels + start;
  FOR_FUNCTION(o->function, for (long pixel = first; pixel < first + pixels; pixel++) {
    float *to = o->destination + pixel * channels;
    normalize_pixel(function, o->operand.first + pixel * seam, seam, center, channels, to);
    if (seam < channels)
      normalize_pixel(
          function, o->operand.second + pixel * (channels - seam), channels - seam, center + seam, channels, to + seam);
  })
}
