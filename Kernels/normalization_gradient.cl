// The gradient of group normalisation. With mean, factor, addend and 1 / deviation of normalization.cl's coefficients, d = x - mean and
// h = f'(d factor + addend) g:
//
// 1 gradient_sums    sums[b, k, 0 and 1, channel]: of h and of h d over a chunk     rows of PADDED(all channels)
// 2 gradient_lines   a work-item owns a group of a sample: lines[b, 0 and 1, channel] = offset and slope, the sample's parts
//                    of gamma's and beta's gradients, parts[b, 0 and 1, channel], and the gradients of scale and shift
// 3 gradient_apply   d x = h factor - offset - d slope
// 4 fold_samples     a work-item owns a channel: the sum over samples of line 0 or 1
//
// 1 and 3 are run for each operand by itself, its channels beginning at `base` of all.

ELEMENTWISE kernel void gradient_sums(
    global const element *source, global const element *gradient, global const float *coefficients, global float *sums,
    int channels, int base, int all_channels, int pixels, int chunk, int chunks, int samples, int function) {
  size_t index = get_global_id(0);
  int row_vectors = PADDED(channels) / LANES;
  int place = (int)(index / row_vectors);
  if (place >= samples * chunks) return;
  int channel = (int)(index - (size_t)place * row_vectors) * LANES;
  int own = channels - channel;
  if (own <= 0) return;
  int sample = place / chunks;
  int first = (place - sample * chunks) * chunk;
  int last = min(first + chunk, pixels);
  size_t pixel = (size_t)sample * pixels;
  global const float *row = coefficients + (size_t)sample * 4 * PADDED(all_channels) + base + channel;
  vector mean = load_some(row, own), factor = load_some(row + PADDED(all_channels), own);
  vector addend = load_some(row + 2 * PADDED(all_channels), own);
  vector sum = (vector)(0.0f), product = (vector)(0.0f);
  for (int p = first; p < last; p++) {
    vector d = load_elements(source + (pixel + p) * PADDED(channels) + channel) - mean;
    vector g = load_some_elements(gradient + (pixel + p) * PADDED(all_channels) + base + channel, own);
    vector h = derivative(d * factor + addend, function) * g;
    sum += h;
    product += h * d;
  }
  global float *to = sums + (size_t)place * 2 * PADDED(all_channels) + base + channel;
  store_some(sum, to, own);
  store_some(product, to + PADDED(all_channels), own);
}

__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void gradient_lines(
    global const float *sums, global const float *coefficients, global const float *gamma, global const float *beta,
    global const element *scale_shift, global float *lines, global float *parts, global element *scale_shift_gradient,
    int channels, int groups, int pixels, int chunks, int samples, int has_scale_shift) {
  int index = (int)get_global_id(0);
  if (index >= samples * groups) return;
  int sample = index / groups;
  int group = index - sample * groups;
  int size = channels / groups, first = group * size, pitch = PADDED(channels);
  float inverse = coefficients[((size_t)sample * 4 + 3) * pitch + first];
  global const float *rows = sums + (size_t)sample * chunks * 2 * pitch;
  global float *line = lines + (size_t)sample * 2 * pitch, *part = parts + (size_t)sample * 2 * pitch;
  global const element *shifts = scale_shift + (size_t)sample * PADDED(2 * channels);
  global element *changes = scale_shift_gradient + (size_t)sample * PADDED(2 * channels);
  float mean = 0.0f, mean_product = 0.0f;
  for (int c = first; c < first + size; c++) {
    float sum = 0.0f, product = 0.0f, multiplier = 1.0f;
    for (int k = 0; k < chunks; k++) {
      sum += rows[(size_t)k * 2 * pitch + c];
      product += rows[((size_t)k * 2 + 1) * pitch + c];
    }
    product *= inverse;
    if (has_scale_shift) {
      multiplier += get_element(shifts + c);
      set_element(gamma[c] * product + beta[c] * sum, changes + c);
      set_element(sum, changes + channels + c);
    }
    part[c] = multiplier * product;
    part[pitch + c] = multiplier * sum;
    mean += multiplier * gamma[c] * sum;
    mean_product += multiplier * gamma[c] * product;
  }
  float count = (float)pixels * (float)size;
  for (int c = first; c < first + size; c++) {
    line[c] = mean / count * inverse;
    line[pitch + c] = mean_product / count * inverse * inverse;
  }
  if (has_scale_shift && group == groups - 1)
    for (int c = 2 * channels; c < PADDED(2 * channels); c++) set_element(0.0f, changes + c);
}

// `gradient` may be `destination` where there is one operand: a work-item reads its place before it writes it.
ELEMENTWISE kernel void gradient_apply(
    global const element *source, global const element *gradient, global const float *coefficients,
    global const float *lines, global element *destination, int channels, int base, int all_channels, int pixels, int function, int adds,
    int vectors) {
  size_t index = get_global_id(0);
  if (index >= vectors) return;
  int pixel_vectors = PADDED(channels) / LANES;
  int pixel = (int)(index / pixel_vectors);
  int channel = (int)(index - (size_t)pixel * pixel_vectors) * LANES;
  int own = channels - channel, sample = pixel / pixels;
  vector result = (vector)(0.0f);
  if (own > 0) {
    global const float *row = coefficients + (size_t)sample * 4 * PADDED(all_channels) + base + channel;
    global const float *line = lines + (size_t)sample * 2 * PADDED(all_channels) + base + channel;
    vector factor = load_some(row + PADDED(all_channels), own);
    vector addend = load_some(row + 2 * PADDED(all_channels), own);
    vector d = load_elements(source + index * LANES) - load_some(row, own);
    vector g = load_some_elements(gradient + (size_t)pixel * PADDED(all_channels) + base + channel, own);
    vector h = derivative(d * factor + addend, function) * g;
    result = h * factor - load_some(line, own) - d * load_some(line + PADDED(all_channels), own);
  }
  if (adds) result += load_elements(destination + index * LANES);
  store_elements(result, destination + index * LANES);
}

__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void fold_samples(
    global const float *parts, global float *destination, int line, int channels, int samples) {
  int channel = (int)get_global_id(0);
  if (channel >= channels) return;
  float sum = 0.0f;
  for (int sample = 0; sample < samples; sample++)
    sum += parts[((size_t)sample * 2 + line) * PADDED(channels) + channel];
  destination[channel] = sum;
}
