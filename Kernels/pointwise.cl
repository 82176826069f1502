// Operations on every exact value by itself; a destination may be one of the sources.
//
//   combine        out[i] = c0 x0[i] + ... + c7 x7[i]               the first `terms` of eight
//   clamp_values   out[i] = min(max(x[i], lower), upper)            NaN stays NaN
//   clamp_rows     out[r, i] = clamp(x[r, i], -s[r], s[r]) / s[r]   NaN stays NaN
//   scale_rows     out[r, i] = s[r] x[r, i]
//   select_rows    out[r, i] = x[indices[r], i]                     bit for bit; the destination is not the source
//   scale_by_exponential   out[i] = factor exp(scale y[i]) x[i]
//   scale_by_root          out[i] = factor sqrt(max(0, scale y[i])) x[i]     NaN stays NaN
//
// A work-group has GROUP_SIZE work-items. In the kernels that move rows a work-item owns one value; in the others it owns
// LANES neighbouring values, the last one what is left. No local memory.

ELEMENTWISE kernel void combine(
    global const float *x0, global const float *x1, global const float *x2, global const float *x3,
    global const float *x4, global const float *x5, global const float *x6, global const float *x7,
    global float *destination, float c0, float c1, float c2, float c3, float c4, float c5, float c6, float c7, int terms,
    int count) {
  size_t start = get_global_id(0) * LANES;
  if (start >= count) return;
  int left = count - (int)start;
  vector sum = c0 * load_some(x0 + start, left);
  if (terms > 1) sum += c1 * load_some(x1 + start, left);
  if (terms > 2) sum += c2 * load_some(x2 + start, left);
  if (terms > 3) sum += c3 * load_some(x3 + start, left);
  if (terms > 4) sum += c4 * load_some(x4 + start, left);
  if (terms > 5) sum += c5 * load_some(x5 + start, left);
  if (terms > 6) sum += c6 * load_some(x6 + start, left);
  if (terms > 7) sum += c7 * load_some(x7 + start, left);
  store_some(sum, destination + start, left);
}

ELEMENTWISE kernel void clamp_values(
    global const float *source, global float *destination, float lower, float upper, int count) {
  size_t start = get_global_id(0) * LANES;
  if (start >= count) return;
  int left = count - (int)start;
  vector x = load_some(source + start, left);
  x = select(x, (vector)(lower), x < (vector)(lower));
  x = select(x, (vector)(upper), x > (vector)(upper));
  store_some(x, destination + start, left);
}

__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void clamp_rows(
    global const float *source, global const float *limits, global float *destination, int row_length, int count) {
  size_t index = get_global_id(0);
  if (index >= count) return;
  float limit = limits[index / row_length];
  float x = source[index];
  x = x < -limit ? -limit : x;
  x = x > limit ? limit : x;
  destination[index] = x / limit;
}

__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void scale_rows(
    global const float *source, global const float *factors, global float *destination, int row_length, int count) {
  size_t index = get_global_id(0);
  if (index >= count) return;
  destination[index] = factors[index / row_length] * source[index];
}

// Words, not floats: what they mean is not looked at.
__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void select_rows(
    global const uint *source, global const int *indices, global uint *destination, int row_length, int count) {
  size_t index = get_global_id(0);
  if (index >= count) return;
  size_t row = index / row_length;
  destination[index] = source[(size_t)indices[row] * row_length + (index - row * row_length)];
}

ELEMENTWISE kernel void scale_by_exponential(
    global const float *source, global const float *argument, global float *destination, float scale, float factor,
    int count) {
  size_t start = get_global_id(0) * LANES;
  if (start >= count) return;
  int left = count - (int)start;
  vector by = factor * exp(scale * load_some(argument + start, left));
  store_some(by * load_some(source + start, left), destination + start, left);
}

ELEMENTWISE kernel void scale_by_root(
    global const float *source, global const float *argument, global float *destination, float scale, float factor,
    int count) {
  size_t start = get_global_id(0) * LANES;
  if (start >= count) return;
  int left = count - (int)start;
  vector y = scale * load_some(argument + start, left);
  y = select(y, (vector)(0.0f), y < (vector)(0.0f));
  store_some(factor * sqrt(y) * load_some(source + start, left), destination + start, left);
}
