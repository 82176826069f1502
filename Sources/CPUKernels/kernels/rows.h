// Exact buffers: softmax over rows, and operations on every value by itself.

/// One row of a softmax: the largest logit, then exponentials and their sum, then the quotient.
static void softmax_row(const float *x, const float *offsets, float scale, long columns, float *to) {
  vector largest = splat(-INFINITY);
  FOR_VECTORS(columns, {
    vector logits = GET(x) * scale;
    if (offsets) logits += GET(offsets);
    if (part > 0)
      for (int lane = (int)part; lane < LANES; lane++) logits[lane] = -INFINITY;
    // A NaN is larger than everything here, so that it reaches every value of its row.
    largest = choose((logits > largest) | (logits != logits), logits, largest);
    PUT(to, logits);
  })
  vector top = splat(largest_of(largest));
  double total = 0;
  // Sums of single precision stay short: one for each block of columns.
  enum { BLOCK = 1024 };
  for (long start = 0; start < columns; start += BLOCK) {
    long count = columns - start < BLOCK ? columns - start : BLOCK;
    vector sum = splat(0);
    FOR_VECTORS(count, {
      vector values = exponential(GET(to + start) - top);
      if (part > 0)
        for (int lane = (int)part; lane < LANES; lane++) values[lane] = 0;
      sum += values;
      PUT(to + start, values);
    })
    total += sum_of(sum);
  }
  float factor = (float)(1 / total);
  FOR_VECTORS(columns, { PUT(to, GET(to) * factor); })
}

static void softmax_rows(const void *arguments, long index, void *scratch) {
  const cpu_softmax *o = arguments;
  long first = index * o->chunk_rows;
  long last = first + o->chunk_rows < o->rows ? first + o->chunk_rows : o->rows;
  for (long row = first; row < last; row++)
    softmax_row(o->source + row * o->columns, o->offsets, o->scale, o->columns, o->destination + row * o->columns);
}

INLINE long chunk_count(const cpu_pointwise *o, long start) {
  return o->count - start < o->chunk ? o->count - start : o->chunk;
}

static void activate(const void *arguments, long index, void *scratch) {
  const cpu_pointwise *o = arguments;
  long start = index * o->chunk, count = chunk_count(o, start);
  const float *x = o->sources[0] + start;
  float *to = o->destination + start;
  FOR_FUNCTION(o->function, FOR_VECTORS(count, { PUT(to, apply(function, GET(x))); }))
}

static void combine(const void *arguments, long index, void *scratch) {
  const cpu_pointwise *o = arguments;
  long start = index * o->chunk, count = chunk_count(o, start);
  float *to = o->destination + start;
  FOR_VECTORS(count, {
    vector sum = GET(o->sources[0] + start) * o->coefficients[0];
    for (long term = 1; term < o->terms; term++) sum += GET(o->sources[term] + start) * o->coefficients[term];
    PUT(to, sum);
  })
}

static void clamp(const void *arguments, long index, void *scratch) {
  const cpu_pointwise *o = arguments;
  long start = index * o->chunk, count = chunk_count(o, start);
  const float *x = o->sources[0] + start;
  float *to = o->destination + start;
  FOR_VECTORS(count, { PUT(to, at_most(at_least(GET(x), splat(o->lower)), splat(o->upper))); })
}

static void scale_by_exponential(const void *arguments, long index, void *scratch) {
  const cpu_pointwise *o = arguments;
  long start = index * o->chunk, count = chunk_count(o, start);
  const float *x = o->sources[0] + start, *y = o->sources[1] + start;
  float *to = o->destination + start, scale = o->coefficients[0], factor = o->coefficients[1];
  FOR_VECTORS(count, { PUT(to, exponential(GET(y) * scale) * factor * GET(x)); })
}

static void scale_by_root(const void *arguments, long index, void *scratch) {
  const cpu_pointwise *o = arguments;
  long start = index * o->chunk, count = chunk_count(o, start);
  const float *x = o->sources[0] + start, *y = o->sources[1] + start;
  float *to = o->destination + start, scale = o->coefficients[0], factor = o->coefficients[1];
  FOR_VECTORS(count, { PUT(to, square_root(at_least(GET(y) * scale, splat(0))) * factor * GET(x)); })
}

// The two below take one row a task.

static void clamp_rows(const void *arguments, long row, void *scratch) {
  const cpu_pointwise *o = arguments;
  const float *x = o->sources[0] + row * o->row_length;
  float *to = o->destination + row * o->row_length, limit = o->rows[row];
  FOR_VECTORS(o->row_length, { PUT(to, at_most(at_least(GET(x), splat(-limit)), splat(limit)) / limit); })
}

static void scale_rows(const void *arguments, long row, void *scratch) {
  const cpu_pointwise *o = arguments;
  const float *x = o->sources[0] + row * o->row_length;
  float *to = o->destination + row * o->row_length, factor = o->rows[row];
  FOR_VECTORS(o->row_length, { PUT(to, GET(x) * factor); })
}
