// What training asks for: gradients of functions, convolutions' filters, normalisations and attention; sums; Adam.
//
// Activations lie as common.cl says, exact buffers row-major. Where nothing else is said a work-group has GROUP_SIZE
// work-items and a work-item owns one vector of LANES channels of one pixel, or LANES exact values, the last what is left.
// Sums are taken in an order that depends on the sizes only. No local memory, no barriers.

//   add_activations     out = a x + b y                        over whole vectors, padding included; y read if b is not zero
ELEMENTWISE kernel void add_activations(
    global const float *first, global const float *second, global float *destination, float first_scale,
    float second_scale, int has_second, int vectors) {
  size_t index = get_global_id(0);
  if (index >= vectors) return;
  vector sum = first_scale * load(first + index * LANES);
  if (has_second) sum += second_scale * load(second + index * LANES);
  store(sum, destination + index * LANES);
}

//   sum_pixels          out[b, c] = sum over p of x[b, c, p]   a work-item owns LANES channels of a sample
ELEMENTWISE kernel void sum_pixels(
    global const float *source, global float *destination, int channels, int pixels, int samples) {
  size_t index = get_global_id(0);
  int row_vectors = PADDED(channels) / LANES;
  if (index >= (size_t)samples * row_vectors) return;
  int sample = (int)(index / row_vectors);
  int channel = (int)(index - (size_t)sample * row_vectors) * LANES;
  global const float *x = source + (size_t)sample * pixels * PADDED(channels) + channel;
  vector even = (vector)(0.0f), odd = (vector)(0.0f);
  int pixel = 0;
  for (; pixel + 2 <= pixels; pixel += 2) {
    even += load(x + (size_t)pixel * PADDED(channels));
    odd += load(x + (size_t)(pixel + 1) * PADDED(channels));
  }
  if (pixel < pixels) even += load(x + (size_t)pixel * PADDED(channels));
  store(even + odd, destination + (size_t)sample * PADDED(channels) + channel);
}

// The derivatives of apply_function's functions; each is finite at zero.
//   silu' = s (1 + x (1 - s)), s = 1 / (1 + exp(-x))
//   mish' = n / (n + 2) + x 4 (n + 1) / (n + 2)^2 e / (1 + e),   n = e (e + 2),  e = exp(x)
//   gelu' = erfc(-x / sqrt 2) / 2 + x exp(-x^2 / 2) / sqrt(2 pi)
vector derivative(vector x, int function) {
  if (function == SILU) {
    vector s = 1.0f / (1.0f + exp(-x));
    return s * (1.0f + x * (1.0f - s));
  }
  if (function == MISH) {
    vector e = exp(fmin(x, (vector)(20.0f)));
    vector n = e * (e + 2.0f), d = n + 2.0f;
    vector result = n / d + x * (4.0f * (n + 1.0f) / (d * d)) * (e / (1.0f + e));
    return select(result, x, isnan(x));
  }
  if (function == GELU) return 0.5f * erfc(-0.70710678f * x) + x * exp(-0.5f * x * x) * 0.39894228f;
  if (function == RELU) {
    vector step = select((vector)(0.0f), (vector)(1.0f), x > (vector)(0.0f));
    return select(step, x, isnan(x));
  }
  return (vector)(1.0f);
}

//   activate_gradient   out = f'(x) g                          over whole vectors; `gradient` may be `destination`
ELEMENTWISE kernel void activate_gradient(
    global const float *source, global const float *gradient, global float *destination, int function, int vectors) {
  size_t index = get_global_id(0);
  if (index >= vectors) return;
  store(derivative(load(source + index * LANES), function) * load(gradient + index * LANES), destination + index * LANES);
}

//   spread_pixels       out[b, c, stride y, stride x] = in[b, c, y, x], zero elsewhere
ELEMENTWISE kernel void spread_pixels(
    global const float *source, global float *destination, int channels, int height, int width, int stride,
    int output_height, int output_width, int vectors) {
  size_t index = get_global_id(0);
  if (index >= vectors) return;
  int pixel_vectors = PADDED(channels) / LANES;
  int pixel = (int)(index / pixel_vectors);
  int channel = (int)(index - (size_t)pixel * pixel_vectors) * LANES;
  int row = pixel / output_width;
  int column = pixel - row * output_width;
  int sample = row / output_height;
  row -= sample * output_height;
  vector value = (vector)(0.0f);
  if (row % stride == 0 && column % stride == 0 && row / stride < height && column / stride < width) {
    size_t from = ((size_t)sample * height + row / stride) * width + column / stride;
    value = load(source + from * PADDED(channels) + channel);
  }
  store(value, destination + index * LANES);
}

// Sums of squares of rows, in two stages: a work-item owns a chunk of `chunk` values of a row, then one row.
ELEMENTWISE kernel void sum_squares(
    global const float *source, global float *sums, int row_length, int chunk, int chunks, int rows) {
  size_t index = get_global_id(0);
  if (index >= (size_t)rows * chunks) return;
  size_t row = index / chunks;
  int first = (int)(index - row * chunks) * chunk;
  int last = min(first + chunk, row_length);
  vector sum = (vector)(0.0f);
  for (int place = first; place < last; place += LANES) {
    vector x = load_some(source + row * row_length + place, last - place);
    sum += x * x;
  }
  sums[index] = total(sum);
}

__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void fold_squares(
    global const float *sums, global float *destination, int chunks, int rows) {
  size_t row = get_global_id(0);
  if (row >= rows) return;
  float sum = 0.0f, lost = 0.0f;
  // What each addition loses is kept (Neumaier 1974): there may be thousands of chunks.
  for (int chunk = 0; chunk < chunks; chunk++) {
    float x = sums[row * chunks + chunk], next = sum + x;
    lost += fabs(sum) >= fabs(x) ? (sum - next) + x : (x - next) + sum;
    sum = next;
  }
  destination[row] = isfinite(sum) ? sum + lost : sum;
}

//   adam_step           see OptimizerOperations.adamStep; all five lines have `count` values
ELEMENTWISE kernel void adam_step(
    global const float *gradient, global float *values, global float *first, global float *second, global float *average,
    float gradient_scale, float first_decay, float first_rest, float second_decay, float second_rest,
    float second_correction, float epsilon, float keep, float corrected_rate, float average_decay, float average_rest,
    int count) {
  size_t start = get_global_id(0) * LANES;
  if (start >= count) return;
  int left = count - (int)start;
  vector g = gradient_scale * load_some(gradient + start, left);
  vector m = first_decay * load_some(first + start, left) + first_rest * g;
  vector v = second_decay * load_some(second + start, left) + second_rest * (g * g);
  vector w = keep * load_some(values + start, left) - corrected_rate * m / (sqrt(second_correction * v) + epsilon);
  vector mean = average_decay * load_some(average + start, left) + average_rest * w;
  store_some(m, first + start, left);
  store_some(v, second + start, left);
  store_some(w, values + start, left);
  store_some(mean, average + start, left);
}

// The filter's gradient: out[o, i, r, s] = sum over b, y, x of g[b, o, y, x] in'[b, i, stride y + r - top, stride x + s - left].
//
// filter_gradient       a work-item, a group of its own, owns FILTER_ROWS input channels, 2 * LANES output channels and a range
//                       of samples. It keeps the sums of a tap in registers while it goes through one sample, whose pixels
//                       stay in cache for all taps, and in
//                         sums[piece][panel][tap][channel of both operands][2 * LANES]
//                       Global size: (input channels / FILTER_ROWS, panels of 2 * LANES output channels, pieces).
// fold_filter_gradient  a work-item owns one value of the filter and adds the pieces up.
#define FILTER_ROWS 8

__attribute__((reqd_work_group_size(1, 1, 1))) __attribute__((vec_type_hint(vector))) kernel void filter_gradient(
    global const float *source, global const float *gradient, global float *sums, int channels, int base,
    int all_channels, int outputs, int height, int width, int output_height, int output_width, int samples, int taps, int filter_width,
    int stride, int top, int left, int shift, int pieces) {
  int channel = (int)get_global_id(0) * FILTER_ROWS;
  int panel = (int)get_global_id(1), piece = (int)get_global_id(2);
  if (channel >= channels) return;
  int rows = min(FILTER_ROWS, channels - channel);
  int first = (int)((long)piece * samples / pieces), last = (int)((long)(piece + 1) * samples / pieces);
  int output = panel * 2 * LANES, pitch = PADDED(channels), gradient_pitch = PADDED(outputs);
  int has_second = output + LANES < gradient_pitch;
  size_t block = ((size_t)piece * get_global_size(1) + panel) * taps;
  for (int tap = 0; tap < taps; tap++) {
    global float *to = sums + ((block + tap) * all_channels + base + channel) * 2 * LANES;
    for (int row = 0; row < rows; row++) {
      store((vector)(0.0f), to + row * 2 * LANES);
      store((vector)(0.0f), to + row * 2 * LANES + LANES);
    }
  }
  for (int sample = first; sample < last; sample++) {
    for (int tap = 0; tap < taps; tap++) {
      int r = tap / filter_width - top, s = tap % filter_width - left;
      // The outputs of a row whose inputs lie inside: 0 <= stride x + s < width << shift.
      int begin = s < 0 ? (-s + stride - 1) / stride : 0;
      int end = min(output_width, ((width << shift) - s + stride - 1) / stride);
      vector sums0[FILTER_ROWS], sums1[FILTER_ROWS];
#pragma unroll
      for (int row = 0; row < FILTER_ROWS; row++) {
        sums0[row] = (vector)(0.0f);
        sums1[row] = (vector)(0.0f);
      }
      for (int y = 0; y < output_height; y++) {
        int input_row = stride * y + r;
        if (input_row < 0 || input_row >= height << shift) continue;
        global const float *line =
            source + ((size_t)sample * height + (input_row >> shift)) * width * pitch + channel;
        global const float *g =
            gradient + ((size_t)sample * output_height + y) * output_width * gradient_pitch + output;
        for (int x = begin; x < end; x++) {
          vector g0 = load(g + (size_t)x * gradient_pitch);
          vector g1 = has_second ? load(g + (size_t)x * gradient_pitch + LANES) : (vector)(0.0f);
          // Channels are padded to a multiple of sixteen, so all FILTER_ROWS of them can be read.
          global const float *values = line + (size_t)((stride * x + s) >> shift) * pitch;
#pragma unroll
          for (int row = 0; row < FILTER_ROWS; row++) {
            vector value = (vector)(values[row]);
            sums0[row] += value * g0;
            sums1[row] += value * g1;
          }
        }
      }
      global float *to = sums + ((block + tap) * all_channels + base + channel) * 2 * LANES;
#pragma unroll
      for (int row = 0; row < FILTER_ROWS; row++) {
        if (row >= rows) continue;
        global float *place = to + row * 2 * LANES;
        store(load(place) + sums0[row], place);
        store(load(place + LANES) + sums1[row], place + LANES);
      }
    }
  }
}

__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void fold_filter_gradient(
    global const float *sums, global float *destination, int channels, int taps, int panels, int pieces, int count) {
  size_t index = get_global_id(0);
  if (index >= count) return;
  int tap = (int)(index % taps);
  int channel = (int)(index / taps % channels);
  int output = (int)(index / taps / channels);
  int panel = output / (2 * LANES);
  size_t place = (((size_t)panel * taps + tap) * channels + channel) * 2 * LANES + output % (2 * LANES);
  size_t step = (size_t)panels * taps * channels * 2 * LANES;
  float sum = 0.0f;
  for (int piece = 0; piece < pieces; piece++) sum += sums[place + piece * step];
  destination[index] = sum;
}

// Group normalisation. With mean, factor, addend and 1 / deviation of normalization.cl's coefficients, d = x - mean and
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
    global const float *source, global const float *gradient, global const float *coefficients, global float *sums,
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
    vector d = load(source + (pixel + p) * PADDED(channels) + channel) - mean;
    vector g = load_some(gradient + (pixel + p) * PADDED(all_channels) + base + channel, own);
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
    global const float *scale_shift, global float *lines, global float *parts, global float *scale_shift_gradient,
    int channels, int groups, int pixels, int chunks, int samples, int has_scale_shift) {
  int index = (int)get_global_id(0);
  if (index >= samples * groups) return;
  int sample = index / groups;
  int group = index - sample * groups;
  int size = channels / groups, first = group * size, pitch = PADDED(channels);
  float inverse = coefficients[((size_t)sample * 4 + 3) * pitch + first];
  global const float *rows = sums + (size_t)sample * chunks * 2 * pitch;
  global float *line = lines + (size_t)sample * 2 * pitch, *part = parts + (size_t)sample * 2 * pitch;
  global const float *shifts = scale_shift + (size_t)sample * PADDED(2 * channels);
  global float *changes = scale_shift_gradient + (size_t)sample * PADDED(2 * channels);
  float mean = 0.0f, mean_product = 0.0f;
  for (int c = first; c < first + size; c++) {
    float sum = 0.0f, product = 0.0f, multiplier = 1.0f;
    for (int k = 0; k < chunks; k++) {
      sum += rows[(size_t)k * 2 * pitch + c];
      product += rows[((size_t)k * 2 + 1) * pitch + c];
    }
    product *= inverse;
    if (has_scale_shift) {
      multiplier += shifts[c];
      changes[c] = gamma[c] * product + beta[c] * sum;
      changes[channels + c] = sum;
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
    for (int c = 2 * channels; c < PADDED(2 * channels); c++) changes[c] = 0.0f;
}

// `gradient` may be `destination` where there is one operand: a work-item reads its place before it writes it.
ELEMENTWISE kernel void gradient_apply(
    global const float *source, global const float *gradient, global const float *coefficients, global const float *lines,
    global float *destination, int channels, int base, int all_channels, int pixels, int function, int adds,
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
    vector d = load(source + index * LANES) - load_some(row, own);
    vector g = load_some(gradient + (size_t)pixel * PADDED(all_channels) + base + channel, own);
    vector h = derivative(d * factor + addend, function) * g;
    result = h * factor - load_some(line, own) - d * load_some(line + PADDED(all_channels), own);
  }
  if (adds) result += load(destination + index * LANES);
  store(result, destination + index * LANES);
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

// Attention, for some heads of some samples: n = sample * heads + head counts from `first_head`.
//
// attention_weights    a work-item owns a query: weights[n - first][query][key] = P, changes likewise = P (dP - sum of dP P)
// attention_gradient   a work-item owns LANES dimensions of a token of a head and writes three places of the gradient:
//                        dQ = scale changes K    dK = scale changes^T Q    dV = weights^T G

// The sum of the products of `size` values.
float dot_of(global const float *a, global const float *b, int size) {
  vector sum = (vector)(0.0f);
  for (int i = 0; i < size; i += LANES) sum += load_some(a + i, size - i) * load_some(b + i, size - i);
  return total(sum);
}

__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void attention_weights(
    global const float *projections, global const float *gradient, global float *weights, global float *changes,
    int channels, int heads, int tokens, int first_head, int count, float scale) {
  size_t index = get_global_id(0);
  if (index >= (size_t)count * tokens) return;
  int place = (int)(index / tokens), query = (int)(index - (size_t)place * tokens);
  int n = first_head + place, sample = n / heads, size = channels / heads, pitch = PADDED(3 * channels);
  global const float *base = projections + (size_t)sample * tokens * pitch + (n - sample * heads) * size;
  global const float *q = base + (size_t)query * pitch;
  global const float *g =
      gradient + ((size_t)sample * tokens + query) * PADDED(channels) + (n - sample * heads) * size;
  global float *weight = weights + index * tokens, *change = changes + index * tokens;
  float maximum = -INFINITY;
  for (int key = 0; key < tokens; key++) {
    weight[key] = scale * dot_of(q, base + (size_t)key * pitch + channels, size);
    maximum = fmax(maximum, weight[key]);
  }
  float sum = 0.0f;
  for (int key = 0; key < tokens; key++) {
    weight[key] = exp(weight[key] - maximum);
    sum += weight[key];
  }
  float mean = 0.0f;
  for (int key = 0; key < tokens; key++) {
    weight[key] /= sum;
    change[key] = dot_of(g, base + (size_t)key * pitch + 2 * channels, size);
    mean += weight[key] * change[key];
  }
  for (int key = 0; key < tokens; key++) change[key] = weight[key] * (change[key] - mean);
}

ELEMENTWISE kernel void attention_gradient(
    global const float *projections, global const float *gradient, global const float *weights,
    global const float *changes, global float *destination, int channels, int heads, int tokens, int first_head,
    int count, float scale) {
  size_t index = get_global_id(0);
  int size = channels / heads, vectors = (size + LANES - 1) / LANES, pitch = PADDED(3 * channels);
  if (index >= (size_t)count * tokens * vectors) return;
  int i = (int)(index % vectors) * LANES;
  int token = (int)(index / vectors % tokens), place = (int)(index / vectors / tokens);
  int n = first_head + place, sample = n / heads, head = n - sample * heads, left = size - i;
  global const float *base = projections + (size_t)sample * tokens * pitch + head * size + i;
  global const float *g = gradient + (size_t)sample * tokens * PADDED(channels) + head * size + i;
  global const float *weight = weights + (size_t)place * tokens * tokens;
  global const float *change = changes + (size_t)place * tokens * tokens;
  vector query = (vector)(0.0f), key = (vector)(0.0f), value = (vector)(0.0f);
  for (int other = 0; other < tokens; other++) {
    global const float *row = base + (size_t)other * pitch;
    query += change[(size_t)token * tokens + other] * load_some(row + channels, left);
    key += change[(size_t)other * tokens + token] * load_some(row, left);
    value += weight[(size_t)other * tokens + token] * load_some(g + (size_t)other * PADDED(channels), left);
  }
  global float *to = destination + ((size_t)sample * tokens + token) * pitch + head * size + i;
  store_some(scale * query, to, left);
  store_some(scale * key, to + channels, left);
  store_some(value, to + 2 * channels, left);
  if (head == heads - 1 && left <= LANES)
    for (int c = 3 * channels; c < pitch; c++) destination[((size_t)sample * tokens + token) * pitch + c] = 0.0f;
}
