// Sums of squares of rows of exact values, in two stages: a work-item owns a chunk of `chunk` values of a row, then one row.
//
// A work-group has GROUP_SIZE work-items. Sums are taken in an order that depends on the sizes only. No local memory, no barriers.

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
