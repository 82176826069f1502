// Group normalisation (Wu and He 2018) in three stages, each deterministic, none with atomics.
//
//   n   = gamma[c] * (x - mean[b, g]) / sqrt(variance[b, g] + epsilon) + beta[c]
//   out = f(n * (1 + s[b, c]) + t[b, c])
//
// 1 measure_channels   mean and sum of squared deviations of each channel in each chunk of pixels
//                        moments[b, k, 0 and 1, channel]                    rows of `channels` floats, both operands joined
// 2 fold_moments       those of a group (Chan et al. 1979), and from them, for each channel, mean, factor, addend and
//                        1 / deviation, coefficients[b, 0...3, channel]                    rows of PADDED(channels) floats, padding zero
// 3 normalize_apply    out = f((x - mean) * factor + addend)
//
// No value is ever squared before its chunk's mean is taken off, so a large common offset costs no digits; groups may
// straddle the seam of a pair of operands. Chunks have `chunk` pixels, the last one what is left. Stages 1 and 3: a
// work-group has GROUP_SIZE work-items, a work-item owns LANES channels of a chunk or of a pixel. Stage 2: a work-item
// owns one group of one sample. No local memory. What padding lanes measure is not stored.

// `channels` are those of this operand, `base` the first of them within the `all_channels` of both.
ELEMENTWISE kernel void measure_channels(
    global const element *source, global float *moments, int channels, int base, int all_channels, int pixels, int chunk,
    int chunks, int samples) {
  size_t index = get_global_id(0);
  int chunk_vectors = PADDED(channels) / LANES;
  int place = (int)(index / chunk_vectors);
  if (place >= samples * chunks) return;
  int channel = (int)(index - (size_t)place * chunk_vectors) * LANES;
  int sample = place / chunks;
  int first = (place - sample * chunks) * chunk;
  int last = min(first + chunk, pixels);
  global const element *x = source + (size_t)sample * pixels * PADDED(channels) + channel;

  vector sum = (vector)(0.0f);
  for (int pixel = first; pixel < last; pixel++) sum += load_elements(x + (size_t)pixel * PADDED(channels));
  float count = (float)(last - first);
  vector mean = sum / count;
  vector deviation = (vector)(0.0f);
  vector squares = (vector)(0.0f);
  for (int pixel = first; pixel < last; pixel++) {
    vector d = load_elements(x + (size_t)pixel * PADDED(channels)) - mean;
    deviation += d;
    squares += d * d;
  }
  // The rounding of the first mean is what the deviations do not add up to zero by.
  vector correction = deviation / count;
  global float *row = moments + (size_t)place * 2 * all_channels + base + channel;
  store_some(mean + correction, row, channels - channel);
  store_some(squares - deviation * correction, row + all_channels, channels - channel);
}

// scale_shift: activation [batch, 2 * channels, 1, 1], first all s, then all t; read only if has_scale_shift is not zero.
kernel __attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) void fold_moments(
    global const float *moments, global const float *gamma, global const float *beta, global const element *scale_shift,
    global float *coefficients, int channels, int groups, int pixels, int chunk, int chunks, int samples, float epsilon,
    int has_scale_shift) {
  int index = (int)get_global_id(0);
  if (index >= samples * groups) return;
  int sample = index / groups;
  int group = index - sample * groups;
  int size = channels / groups;
  int first = group * size;
  global const float *rows = moments + (size_t)sample * chunks * 2 * channels;

  // Means are added up as differences from one of them, so that their common part costs no digits.
  float origin = rows[first];
  float count = (float)pixels * (float)size;
  float sum = 0.0f;
  for (int k = 0; k < chunks; k++) {
    float weight = (float)(min((k + 1) * chunk, pixels) - k * chunk);
    global const float *means = rows + (size_t)k * 2 * channels + first;
    float part = 0.0f;
    for (int c = 0; c < size; c++) part += means[c] - origin;
    sum += weight * part;
  }
  float offset = sum / count;
  float squares = 0.0f;
  for (int k = 0; k < chunks; k++) {
    float weight = (float)(min((k + 1) * chunk, pixels) - k * chunk);
    global const float *means = rows + (size_t)k * 2 * channels + first;
    float part = 0.0f;
    for (int c = 0; c < size; c++) {
      float d = (means[c] - origin) - offset;
      part += means[channels + c] + weight * d * d;
    }
    squares += part;
  }
  float mean = origin + offset;
  float inverse = 1.0f / sqrt(squares / count + epsilon);

  global float *row = coefficients + (size_t)sample * 4 * PADDED(channels);
  for (int c = first; c < first + size; c++) {
    float factor = gamma[c] * inverse;
    float addend = beta[c];
    if (has_scale_shift) {
      global const element *shifts = scale_shift + (size_t)sample * PADDED(2 * channels);
      float scale = 1.0f + get_element(shifts + c);
      factor *= scale;
      addend = addend * scale + get_element(shifts + channels + c);
    }
    row[c] = mean;
    row[PADDED(channels) + c] = factor;
    row[2 * PADDED(channels) + c] = addend;
    row[3 * PADDED(channels) + c] = inverse;
  }
  int end = group == groups - 1 ? PADDED(channels) : 0;
  for (int c = channels; c < end; c++) {
    row[c] = 0.0f;
    row[PADDED(channels) + c] = 0.0f;
    row[2 * PADDED(channels) + c] = 0.0f;
    row[3 * PADDED(channels) + c] = 0.0f;
  }
}

// second_channels is zero where there is one operand; `second` is then not read. `first` may then be `destination`.
ELEMENTWISE kernel void normalize_apply(
    global const element *first, global const element *second, global const float *coefficients, global element *destination,
    int first_channels, int second_channels, int pixels, int function, int vectors) {
  size_t index = get_global_id(0);
  if (index >= vectors) return;
  int channels = first_channels + second_channels;
  int pixel_vectors = PADDED(channels) / LANES;
  int pixel = (int)(index / pixel_vectors);
  int channel = (int)(index - (size_t)pixel * pixel_vectors) * LANES;
  int sample = pixel / pixels;
  global const element *left = first + (size_t)pixel * PADDED(first_channels);
  global const element *right = second + (size_t)pixel * PADDED(second_channels);

  vector x;
  if (second_channels == 0 || channel + LANES <= first_channels) {
    x = load_elements(left + channel);
  } else if (channel >= first_channels && first_channels % LANES == 0) {
    x = load_elements(right + (channel - first_channels));
  } else {
    float lanes[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      int c = channel + lane;
      lanes[lane] = c < first_channels ? get_element(left + c) : c < channels ? get_element(right + c - first_channels) : 0.0f;
    }
    x = load(lanes);
  }
  global const float *row = coefficients + (size_t)sample * 4 * PADDED(channels) + channel;
  vector y = (x - load(row)) * load(row + PADDED(channels)) + load(row + 2 * PADDED(channels));
  store_elements(apply_function(y, function), destination + index * LANES);
}
