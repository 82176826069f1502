// The borders between exact values and activations, functions of every value with their gradients, sums, and the rows of a table.
//
//   enter          out[b, c, p] = scale * x[b, c, p] + shift        x exact [batch, channels, pixels]
//   leave          out[b, c, p] = x[b, c, p]                        out exact [batch, channels, pixels]
//   activate       out[i] = f(x[i])                                 over whole vectors, padding included
//   gather_rows    out[b, c] = table[indices[b], c]                 table and out padded rows
//   add_activations    out = a x + b y                              over whole vectors, padding included; y read if there is one
//   activate_gradient  out = f'(x) g                                over whole vectors; `gradient` may be `destination`
//   sum_pixels     out[b, c] = sum over p of x[b, c, p]             a work-item owns LANES channels of a sample
//
// A work-group has GROUP_SIZE work-items and owns GROUP_SIZE neighbouring vectors; a work-item owns one vector of LANES
// channels of one pixel. No local memory. The global size is rounded up; surplus work-items do nothing.

// Work-items number pixels first, so that neighbours read neighbouring exact values.
ELEMENTWISE kernel void enter(
    global const float *source, global element *destination, float scale, float shift, int channels, int pixels,
    int all_pixels) {
  size_t index = get_global_id(0);
  int channel = (int)(index / all_pixels) * LANES;
  int pixel = (int)(index % all_pixels);
  if (channel >= PADDED(channels)) return;
  int sample = pixel / pixels;
  global const float *plane = source + (size_t)sample * channels * pixels + (pixel - sample * pixels);
  float lanes[LANES];
  for (int lane = 0; lane < LANES; lane++) {
    lanes[lane] = channel + lane < channels ? scale * plane[(size_t)(channel + lane) * pixels] + shift : 0.0f;
  }
  store_elements(load(lanes), destination + (size_t)pixel * PADDED(channels) + channel);
}

ELEMENTWISE kernel void leave(
    global const element *source, global float *destination, int channels, int pixels, int all_pixels) {
  size_t index = get_global_id(0);
  int channel = (int)(index / all_pixels) * LANES;
  int pixel = (int)(index % all_pixels);
  if (channel >= PADDED(channels)) return;
  int sample = pixel / pixels;
  global float *plane = destination + (size_t)sample * channels * pixels + (pixel - sample * pixels);
  float lanes[LANES];
  store(load_elements(source + (size_t)pixel * PADDED(channels) + channel), lanes);
  for (int lane = 0; lane < min(LANES, channels - channel); lane++) {
    plane[(size_t)(channel + lane) * pixels] = lanes[lane];
  }
}

// `source` may be `destination`.
ELEMENTWISE kernel void activate(global const element *source, global element *destination, int function, int vectors) {
  size_t index = get_global_id(0);
  if (index >= vectors) return;
  store_elements(apply_function(load_elements(source + index * LANES), function), destination + index * LANES);
}

ELEMENTWISE kernel void gather_rows(
    global const float *table, global const int *indices, global element *destination, int channels, int vectors) {
  size_t index = get_global_id(0);
  if (index >= vectors) return;
  int row_vectors = PADDED(channels) / LANES;
  int row = (int)(index / row_vectors);
  size_t source = (size_t)indices[row] * row_vectors + (index - (size_t)row * row_vectors);
  store_elements(load(table + source * LANES), destination + index * LANES);
}

ELEMENTWISE kernel void add_activations(
    global const element *first, global const element *second, global element *destination, float first_scale,
    float second_scale, int has_second, int vectors) {
  size_t index = get_global_id(0);
  if (index >= vectors) return;
  vector sum = first_scale * load_elements(first + index * LANES);
  if (has_second) sum += second_scale * load_elements(second + index * LANES);
  store_elements(sum, destination + index * LANES);
}

ELEMENTWISE kernel void activate_gradient(
    global const element *source, global const element *gradient, global element *destination, int function, int vectors) {
  size_t index = get_global_id(0);
  if (index >= vectors) return;
  vector x = load_elements(source + index * LANES), g = load_elements(gradient + index * LANES);
  store_elements(derivative(x, function) * g, destination + index * LANES);
}

ELEMENTWISE kernel void sum_pixels(
    global const element *source, global element *destination, int channels, int pixels, int samples) {
  size_t index = get_global_id(0);
  int row_vectors = PADDED(channels) / LANES;
  if (index >= (size_t)samples * row_vectors) return;
  int sample = (int)(index / row_vectors);
  int channel = (int)(index - (size_t)sample * row_vectors) * LANES;
  global const element *x = source + (size_t)sample * pixels * PADDED(channels) + channel;
  vector even = (vector)(0.0f), odd = (vector)(0.0f);
  int pixel = 0;
  for (; pixel + 2 <= pixels; pixel += 2) {
    even += load_elements(x + (size_t)pixel * PADDED(channels));
    odd += load_elements(x + (size_t)(pixel + 1) * PADDED(channels));
  }
  if (pixel < pixels) even += load_elements(x + (size_t)pixel * PADDED(channels));
  store_elements(even + odd, destination + (size_t)sample * PADDED(channels) + channel);
}
