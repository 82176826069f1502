// Products and row operations on exact matrices, row-major.
//
//   multiply       C[m, n] = alpha * sum over k of op(A)[m, k] op(B)[k, n] + beta * C[m, n]    beta zero: C is not read
//   softmax_rows   out[r, j] = exp(l[r, j] - max over k of l[r, k]) / sum over k of the same,   l = scale * x + offsets[j]
//
// op(A)[m, k] = a[m * a_row + k * a_step], op(B)[k, n] = b[k * b_row + n * b_step]: a transposed operand exchanges the two.
//
// pack_columns      packed[((n / block) * inner + k) * block + n % block] = op(B)[k, n], zero past the last column;
//                     block = 2 * LANES. A work-item owns one value.
// multiply_packed   for processors: a work-item, a group of its own, owns PRODUCT_ROWS rows and 2 * LANES columns. No
//                     local memory. Global size: (columns / (2 * LANES), rows / PRODUCT_ROWS), rounded up.
// multiply_tiled    for graphics processors: a group of 16 x 16 owns 64 x 64 of C, a work-item 4 x 4.
//                     Local memory: 16 * (68 + 68) floats, 8.5 KB. Global size: 16 work-items for each started 64.
// softmax_rows      a group of GROUP_SIZE owns a row; work-item i owns columns i, i + GROUP_SIZE, ...
//                     Local memory: 2 * GROUP_SIZE floats.

// Rows of C that a work-item of multiply_packed owns: 2 * PRODUCT_ROWS + 3 vectors should fit the registers.
#ifndef PRODUCT_ROWS
#define PRODUCT_ROWS 4
#endif

__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void pack_columns(
    global const float *b, global float *packed, int columns, int inner, ulong b_row, ulong b_step, ulong count) {
  size_t index = get_global_id(0);
  if (index >= count) return;
  int lane = (int)(index % (2 * LANES));
  size_t rest = index / (2 * LANES);
  size_t k = rest % inner;
  size_t n = rest / inner * (2 * LANES) + lane;
  packed[index] = n < columns ? b[k * b_row + n * b_step] : 0.0f;
}

void finish_columns(vector sum, global float *c, int count, float alpha, float beta) {
  if (count <= 0) return;
  vector value = alpha * sum;
  if (beta != 0.0f) value += beta * load_some(c, count);
  store_some(value, c, count);
}

__attribute__((reqd_work_group_size(1, 1, 1))) __attribute__((vec_type_hint(vector))) kernel void multiply_packed(
    global const float *a, global const float *packed, global float *c, int rows, int columns, int inner, ulong a_row,
    ulong a_step, float alpha, float beta) {
  int column = (int)get_global_id(0) * 2 * LANES;
  int row = (int)get_global_id(1) * PRODUCT_ROWS;
  global const float *source[PRODUCT_ROWS];
  vector sums0[PRODUCT_ROWS], sums1[PRODUCT_ROWS];
#pragma unroll
  for (int m = 0; m < PRODUCT_ROWS; m++) {
    source[m] = a + min(row + m, rows - 1) * a_row;
    sums0[m] = (vector)(0.0f);
    sums1[m] = (vector)(0.0f);
  }
  global const float *b = packed + (size_t)column * inner;
  size_t place = 0;
  for (int k = 0; k < inner; k++) {
    vector b0 = load(b), b1 = load(b + LANES);
#pragma unroll
    for (int m = 0; m < PRODUCT_ROWS; m++) {
      vector value = (vector)(source[m][place]);
      sums0[m] += value * b0;
      sums1[m] += value * b1;
    }
    b += 2 * LANES;
    place += a_step;
  }
#pragma unroll
  for (int m = 0; m < PRODUCT_ROWS; m++) {
    if (row + m < rows) {
      global float *line = c + (size_t)(row + m) * columns + column;
      finish_columns(sums0[m], line, columns - column, alpha, beta);
      finish_columns(sums1[m], line + LANES, columns - column - LANES, alpha, beta);
    }
  }
}

// Rows and columns of C that a group of multiply_tiled owns, and how many of the inner extent it takes at a time.
#define PRODUCT_TILE 64
#define PRODUCT_DEPTH 16
// A row of a tile in local memory: four more, so that the values of one row of A fall into different banks.
#define PRODUCT_PITCH (PRODUCT_TILE + 4)

// Brings element `place` of a tile in: of its 64 x 16 the extent that is contiguous in memory runs fastest.
void load_tile(
    global const float *source, local float *tile, int place, int first, int last, int k0, int inner, ulong step_outer,
    ulong step_inner) {
  bool inner_runs = step_inner == 1;
  int outer = inner_runs ? place / PRODUCT_DEPTH : place % PRODUCT_TILE;
  int k = inner_runs ? place % PRODUCT_DEPTH : place / PRODUCT_TILE;
  bool exists = first + outer < last && k0 + k < inner;
  tile[k * PRODUCT_PITCH + outer] = exists ? source[(first + outer) * step_outer + (k0 + k) * step_inner] : 0.0f;
}

__attribute__((reqd_work_group_size(16, 16, 1))) kernel void multiply_tiled(
    global const float *a, global const float *b, global float *c, int rows, int columns, int inner, ulong a_row,
    ulong a_step, ulong b_row, ulong b_step, float alpha, float beta) {
  local float a_tile[PRODUCT_DEPTH * PRODUCT_PITCH];
  local float b_tile[PRODUCT_DEPTH * PRODUCT_PITCH];
  int item_column = (int)get_local_id(0), item_row = (int)get_local_id(1);
  int item = item_row * 16 + item_column;
  int column = (int)get_group_id(0) * PRODUCT_TILE;
  int row = (int)get_group_id(1) * PRODUCT_TILE;
  float4 sums[4];
#pragma unroll
  for (int m = 0; m < 4; m++) sums[m] = (float4)(0.0f);
  for (int k0 = 0; k0 < inner; k0 += PRODUCT_DEPTH) {
#pragma unroll
    for (int n = 0; n < PRODUCT_TILE * PRODUCT_DEPTH / 256; n++) {
      load_tile(a, a_tile, item + n * 256, row, rows, k0, inner, a_row, a_step);
      load_tile(b, b_tile, item + n * 256, column, columns, k0, inner, b_step, b_row);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 4
    for (int k = 0; k < PRODUCT_DEPTH; k++) {
      float4 values = vload4(0, a_tile + k * PRODUCT_PITCH + item_row * 4);
      float4 others = vload4(0, b_tile + k * PRODUCT_PITCH + item_column * 4);
      sums[0] += values.x * others;
      sums[1] += values.y * others;
      sums[2] += values.z * others;
      sums[3] += values.w * others;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
#pragma unroll
  for (int m = 0; m < 4; m++) {
    int line = row + item_row * 4 + m;
    float lanes[4];
    vstore4(sums[m], 0, lanes);
    for (int n = 0; n < 4; n++) {
      int place = column + item_column * 4 + n;
      if (line < rows && place < columns) {
        global float *element = c + (size_t)line * columns + place;
        float value = alpha * lanes[n];
        if (beta != 0.0f) value += beta * *element;
        *element = value;
      }
    }
  }
}

// offsets is read only if has_offsets is not zero; `source` may be `destination`.
__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void softmax_rows(
    global const float *source, global const float *offsets, global float *destination, int columns, float scale,
    int has_offsets) {
  local float maxima[GROUP_SIZE];
  local float sums[GROUP_SIZE];
  int item = (int)get_local_id(0);
  size_t start = get_group_id(0) * (size_t)columns;

  float item_maximum = -INFINITY;
  for (int j = item; j < columns; j += GROUP_SIZE) {
    item_maximum = fmax(item_maximum, scale * source[start + j] + (has_offsets ? offsets[j] : 0.0f));
  }
  maxima[item] = item_maximum;
  barrier(CLK_LOCAL_MEM_FENCE);

  // Every work-item folds all of them: no tree, no further barrier, the same order everywhere.
  float maximum = -INFINITY;
  for (int n = 0; n < GROUP_SIZE; n++) maximum = fmax(maximum, maxima[n]);
  float item_sum = 0.0f;
  for (int j = item; j < columns; j += GROUP_SIZE) {
    item_sum += exp(scale * source[start + j] + (has_offsets ? offsets[j] : 0.0f) - maximum);
  }
  sums[item] = item_sum;
  barrier(CLK_LOCAL_MEM_FENCE);

  float sum = 0.0f;
  for (int n = 0; n < GROUP_SIZE; n++) sum += sums[n];
  for (int j = item; j < columns; j += GROUP_SIZE) {
    destination[start + j] = exp(scale * source[start + j] + (has_offsets ? offsets[j] : 0.0f) - maximum) / sum;
  }
}
