// Gradients of functions, normalisations and attention, and the optimiser.

/// The derivative of a function.
INLINE vector derivative(cpu_function function, vector x) {
  switch (function) {
  case CPU_IDENTITY: return splat(1);
  case CPU_SILU: {
    vector s = 1.0f / (1.0f + exponential(-x));
    return s * (1.0f + x * (1.0f - s));
  }
  case CPU_MISH: {
    // With n = e^2 + 2e: tanh(log(1 + e)) = n / (n + 2), and one less its square is 4 (n + 1) / (n + 2)^2.
    vector e = exponential(at_most(x, splat(20.0f))), n = e * (e + 2.0f), d = n + 2.0f;
    return n / d + x * (4.0f * (n + 1.0f) / (d * d)) * (e / (1.0f + e));
  }
  case CPU_GELU: {
    vector result;
    for (int lane = 0; lane < LANES; lane++)
      result[lane] = 0.5f * (1 + erff(x[lane] * 0.70710678118654752f)) +
                     x[lane] * expf(-0.5f * x[lane] * x[lane]) * 0.39894228040143268f;
    return result;
  }
  case CPU_RELU: return choose(x != x, x, choose(x > 0, splat(1), splat(0)));
  }
}

static void activate_gradient(const void *arguments, long index, void *scratch) {
  const cpu_pointwise *o = arguments;
  long start = index * o->chunk, count = chunk_count(o, start);
  const float *x = o->sources[0] + start, *g = o->sources[1] + start;
  float *to = o->destination + start;
  FOR_FUNCTION(o->function, FOR_VECTORS(count, { PUT(to, derivative(function, GET(x)) * GET(g)); }))
}

/// Sums over the pixels of one sample, four at a time so that additions need not wait for each other.
static void sum_pixels(const void *arguments, long sample, void *scratch) {
  const cpu_images *o = arguments;
  long pixels = o->height * o->width, channels = o->channels;
  const float *from = o->source + sample * pixels * channels;
  float *to = o->destination + sample * channels;
  FOR_VECTORS(channels, {
    vector sums[4] = {splat(0), splat(0), splat(0), splat(0)};
    long pixel = 0;
    for (; pixel + 4 <= pixels; pixel += 4)
      for (int k = 0; k < 4; k++) sums[k] += GET(from + (pixel + k) * channels);
    for (; pixel < pixels; pixel++) sums[0] += GET(from + pixel * channels);
    PUT(to, (sums[0] + sums[1]) + (sums[2] + sums[3]));
  })
}

/// One row of the destination of pixels that are moved apart.
static void spread(const void *arguments, long index, void *scratch) {
  const cpu_spread *o = arguments;
  long image = index / o->output_height, y = index % o->output_height;
  float *to = o->destination + index * o->output_width * o->channels;
  memset(to, 0, sizeof(float) * (size_t)(o->output_width * o->channels));
  if (y % o->stride || y / o->stride >= o->height) return;
  const float *from = o->source + (image * o->height + y / o->stride) * o->width * o->channels;
  for (long x = 0; x < o->width; x++)
    memcpy(to + x * o->stride * o->channels, from + x * o->channels, sizeof(float) * (size_t)o->channels);
}

/// A chunk of one sample, by Philox words of counters (place / 4, step, draw, 1).
static void dropout(const void *arguments, long index, void *scratch) {
  const cpu_dropout *o = arguments;
  const cpu_rows *r = &o->random;
  long row = index / r->chunks, start = index % r->chunks * r->chunk;
  long count = r->row_length - start < r->chunk ? r->row_length - start : r->chunk;
  const float *from = r->source + row * r->row_length + start;
  float *to = r->destination + row * r->row_length + start;
  uint32_t key0 = (uint32_t)r->seeds[row], key1 = (uint32_t)(r->seeds[row] >> 32);
  for (long place = 0; place < count; place += 4 * LANES) {
    uvector words[4] = {{0}, (uvector){} + r->step, (uvector){} + r->draw, (uvector){} + 1};
    for (int lane = 0; lane < LANES; lane++) words[0][lane] = (uint32_t)((start + place) / 4 + lane);
    philox(words, key0, key1);
    long left = count - place < 4 * LANES ? count - place : 4 * LANES;
    for (long k = 0; k < left; k++)
      to[place + k] = words[k % 4][k / 4] >= o->threshold ? from[place + k] * o->scale : 0;
  }
}

/// The sum of squares of one chunk of one row, in short sums of single precision.
static void sum_squares(const void *arguments, long index, void *scratch) {
  const cpu_rows *o = arguments;
  long row = index / o->chunks, start = index % o->chunks * o->chunk;
  long count = o->row_length - start < o->chunk ? o->row_length - start : o->chunk;
  const float *from = o->source + row * o->row_length + start;
  vector sum = splat(0);
  FOR_VECTORS(count, {
    vector x = GET(from);
    sum += x * x;
  })
  o->destination[index] = sum_of(sum);
}

static void adam_step(const void *arguments, long index, void *scratch) {
  const cpu_adam *o = arguments;
  long start = index * o->chunk, count = o->count - start < o->chunk ? o->count - start : o->chunk;
  const float *gradient = o->gradient + start;
  float *values = o->values + start, *first = o->first + start, *second = o->second + start, *mean = o->average + start;
  FOR_VECTORS(count, {
    vector g = GET(gradient) * o->gradient_scale;
    vector m = GET(first) * o->first_decay + g * o->first_rest;
    vector v = GET(second) * o->second_decay + g * g * o->second_rest;
    vector root = v * o->second_correction;
    for (int lane = 0; lane < LANES; lane++) root[lane] = sqrtf(root[lane]);
    vector w = GET(values) * o->keep - o->corrected_rate * m / (root + o->epsilon);
    PUT(first, m);
    PUT(second, v);
    PUT(values, w);
    PUT(mean, GET(mean) * o->average_decay + w * o->average_rest);
  })
}

/// Turns the gradients of attention's weights into those of its logits, P (dP - sum of dP P), a row at a time.
static void softmax_gradient(const void *arguments, long index, void *scratch) {
  const cpu_softmax *o = arguments;
  for (long row = 0; row < o->rows; row++) {
    const float *p = o->source + row * o->columns;
    float *to = o->destination + row * o->columns;
    vector sum = splat(0);
    FOR_VECTORS(o->columns, { sum += GET(p) * GET(to); })
    float mean = sum_of(sum);
    FOR_VECTORS(o->columns, { PUT(to, GET(p) * (GET(to) - mean)); })
  }
}

// Group normalisation: with d = x - center and h the gradient before the function, a chunk gives sum h and sum h d of each
// channel; groups fold these; then the gradient of x is h * factor - offset - d * slope.

/// h and d of one place; statements that follow see both.
#define GRADIENT_AT(x, g, line, stride)                                                  \
  vector d = GET(x) - GET(line);                                                         \
  vector h = derivative(function, d * GET((line) + (stride)) + GET((line) + 2 * (stride))) * GET(g);

INLINE void gradient_sums_of(
    const cpu_function function, const float *x, long x_stride, const float *g, long channels, const float *line,
    long pixels, long count, float *to) {
  FOR_VECTORS(count, {
    vector sum = splat(0), product = splat(0);
    for (long pixel = 0; pixel < pixels; pixel++) {
      GRADIENT_AT(x + pixel * x_stride, g + pixel * channels, line, channels)
      sum += h;
      product += h * d;
    }
    PUT(to, sum);
    PUT(to + channels, product);
  })
}

/// The sums of one chunk, [2][channels].
static void normalization_gradient_sums(const void *arguments, long index, void *scratch) {
  const cpu_normalization_gradient *o = arguments;
  const cpu_normalization *n = &o->normalization;
  long channels = operand_channels(&n->operand), seam = n->operand.first_channels;
  long sample = index / n->chunks, start = index % n->chunks * n->chunk_pixels;
  long pixels = n->pixels - start < n->chunk_pixels ? n->pixels - start : n->chunk_pixels;
  long pixel = sample * n->pixels + start;
  const float *line = n->coefficients + sample * COEFFICIENTS * channels, *g = o->gradient + pixel * channels;
  float *to = o->sums + index * 2 * channels;
  FOR_FUNCTION(n->function, {
    gradient_sums_of(function, n->operand.first + pixel * seam, seam, g, channels, line, pixels, seam, to);
    if (seam < channels)
      gradient_sums_of(
          function, n->operand.second + pixel * (channels - seam), channels - seam, g + seam, channels, line + seam,
          pixels, channels - seam, to + seam);
  })
}

/// Folds the sums of one sample: lines [2][channels] of offsets and slopes, its part of gamma's and beta's gradients, and the
/// gradients of its scale and shift.
static void normalization_gradient_lines(const void *arguments, long sample, void *scratch) {
  const cpu_normalization_gradient *o = arguments;
  const cpu_normalization *n = &o->normalization;
  long channels = operand_channels(&n->operand), width = channels / n->groups;
  const float *reciprocal = n->coefficients + (sample * COEFFICIENTS + 3) * channels;
  const float *sums = o->sums + sample * n->chunks * 2 * channels;
  float *offset = o->lines + sample * 2 * channels, *slope = offset + channels;
  float *gamma = o->gamma_beta + sample * 2 * channels, *beta = gamma + channels;
  double count = (double)n->pixels * (double)width;
  for (long first = 0; first < channels; first += width) {
    double mean = 0, mean_product = 0, scale = reciprocal[first];
    for (long c = first; c < first + width; c++) {
      double sum = 0, product = 0, multiplier = 1;
      for (long chunk = 0; chunk < n->chunks; chunk++) {
        sum += sums[chunk * 2 * channels + c];
        product += sums[(chunk * 2 + 1) * channels + c];
      }
      product *= scale;
      if (n->scale_shift) {
        multiplier += n->scale_shift[sample * 2 * channels + c];
        o->scale_shift[sample * 2 * channels + c] = (float)(n->gamma[c] * product + n->beta[c] * sum);
        o->scale_shift[(sample * 2 + 1) * channels + c] = (float)sum;
      }
      gamma[c] = (float)(multiplier * product);
      beta[c] = (float)(multiplier * sum);
      mean += multiplier * n->gamma[c] * sum;
      mean_product += multiplier * n->gamma[c] * product;
    }
    for (long c = first; c < first + width; c++) {
      offset[c] = (float)(mean / count * scale);
      slope[c] = (float)(mean_product / count * scale * scale);
    }
  }
}

INLINE void gradient_pixel(
    const cpu_function function, const float *x, const float *g, long channels, const float *line, const float *offset,
    long count, bool adds, float *to) {
  FOR_VECTORS(count, {
    GRADIENT_AT(x, g, line, channels)
    vector result = h * GET(line + channels) - GET(offset) - d * GET(offset + channels);
    PUT(to, adds ? GET(to) + result : result);
  })
}

/// The gradient of one chunk of pixels.
static void normalization_gradient_apply(const void *arguments, long index, void *scratch) {
  const cpu_normalization_gradient *o = arguments;
  const cpu_normalization *n = &o->normalization;
  long channels = operand_channels(&n->operand), seam = n->operand.first_channels, rest = channels - seam;
  long sample = index / n->chunks, start = index % n->chunks * n->chunk_pixels;
  long pixels = n->pixels - start < n->chunk_pixels ? n->pixels - start : n->chunk_pixels;
  const float *line = n->coefficients + sample * COEFFICIENTS * channels, *offset = o->lines + sample * 2 * channels;
  long first = sample * n->pixels + start;
  FOR_FUNCTION(n->function, for (long pixel = first; pixel < first + pixels; pixel++) {
    const float *g = o->gradient + pixel * channels;
    // The second part is read before the first may overwrite the gradient in place, which only single operands do.
    if (rest > 0)
      gradient_pixel(
          function, n->operand.second + pixel * rest, g + seam, channels, line + seam, offset + seam, rest,
          o->adds_to_second, o->second + pixel * rest);
    gradient_pixel(
        function, n->operand.first + pixel * seam, g, channels, line, offset, seam, o->adds_to_first,
        o->first + pixel * seam);
  })
}

/// Adds lines of the samples' parts up, row_length apart; one chunk of them a task.
static void fold_samples(const void *arguments, long index, void *scratch) {
  const cpu_pointwise *o = arguments;
  long start = index * o->chunk, count = chunk_count(o, start);
  const float *from = o->sources[0] + start;
  float *to = o->destination + start;
  FOR_VECTORS(count, {
    vector sum = splat(0);
    for (long sample = 0; sample < o->terms; sample++) sum += GET(from + sample * o->row_length);
    PUT(to, sum);
  })
}
