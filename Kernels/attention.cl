// Scaled dot-product attention (Vaswani et al. 2017, equation 1) over the pixels of an image, for each sample and head.
//
//   out_h = softmax(Q_h^T K_h / sqrt(d)) V_h,   d = channels / heads
//
// The matrix of all scores is never stored: keys are taken a tile at a time, with a running maximum and sum for each
// query (Milakov and Gimelshein 2018). n = b * heads + h numbers the heads of all samples; `tokens` pixels are padded to
// `token_pitch`, a multiple of 64, and d to `head_pitch`, a multiple of 32. Padding keys get the score -infinity.
//
// split_heads      from projections, an activation [batch, 3 * channels, height, width] (queries, keys, values), makes
//                    queries[(n * head_pitch + i) * token_pitch + t]   and keys alike, tokens running fastest
//                    values[(n * token_pitch + t) * head_pitch + i]    zero where t or i is padding
//                    A work-item owns LANES neighbouring t and HEAD_STEP neighbouring i of one n, t running fastest.
// attend_direct    for processors: a work-item, a group of its own, owns QUERIES queries of one n and goes through the
//                    keys 2 * LANES at a time. No local memory. Global size: (token_pitch / QUERIES, batch * heads).
// attend_tiled     for graphics processors: a group of 64 owns 16 queries of one n and goes through the keys 64 at a
//                    time; work-item j owns key j of a tile, and of the output the dimensions j, j + 64, ...
//                    Local memory: 64 * 16 + 3 * 16 floats, 4.2 KB. Global size: (64 * token_pitch / 16, batch * heads).
//
// Both keep unfinished outputs in `partial`, laid out as values, and write the activation out[b, t, h * d + i], the last
// head its padding too.

// Queries of a work-item of attend_direct, a divisor of 64.
#ifndef QUERIES
#define QUERIES 8
#endif

// Dimensions of a head that a work-item of split_heads owns: a line of most caches, a divisor of 32 and a multiple of LANES.
#define HEAD_STEP 16

#define KEY_TILE 64
#define QUERY_TILE 16

// LANES values of a channel, one of each token; zero past the last token.
vector gather_tokens(global const element *channel, int pitch, int count) {
  float lanes[LANES];
  for (int lane = 0; lane < LANES; lane++) lanes[lane] = lane < count ? get_element(channel + (size_t)lane * pitch) : 0.0f;
  return load(lanes);
}

ELEMENTWISE kernel void split_heads(
    global const element *projections, global float *queries, global float *keys, global float *values, int channels,
    int heads, int tokens, int token_pitch, int head_pitch, ulong count) {
  size_t index = get_global_id(0);
  if (index >= count / (LANES * HEAD_STEP)) return;
  int t = (int)(index % (token_pitch / LANES)) * LANES;
  size_t rest = index / (token_pitch / LANES);
  int i = (int)(rest % (head_pitch / HEAD_STEP)) * HEAD_STEP;
  size_t n = rest / (head_pitch / HEAD_STEP);
  size_t sample = n / heads;
  int size = channels / heads, pitch = PADDED(3 * channels);
  int channel = (int)(n - sample * heads) * size + i;
  global const element *pixel = projections + (sample * tokens + t) * pitch + channel;
  for (int j = 0; j < HEAD_STEP; j++) {
    size_t place = (n * head_pitch + i + j) * token_pitch + t;
    int existing = i + j < size ? tokens - t : 0;
    store(gather_tokens(pixel + j, pitch, existing), queries + place);
    store(gather_tokens(pixel + channels + j, pitch, existing), keys + place);
  }
  for (int lane = 0; lane < LANES; lane++) {
    global float *row = values + (n * token_pitch + t + lane) * head_pitch + i;
    for (int j = 0; j < HEAD_STEP; j += LANES) {
      int existing = t + lane < tokens ? size - i - j : 0;
      store(load_some_elements(pixel + (size_t)lane * pitch + 2 * channels + j, existing), row + j);
    }
  }
}

__attribute__((reqd_work_group_size(1, 1, 1))) __attribute__((vec_type_hint(vector))) kernel void attend_direct(
    global const float *queries, global const float *keys, global const float *values, global float *partial,
    global element *output, int channels, int heads, int tokens, int token_pitch, int head_pitch, float scale) {
  int start = (int)get_global_id(0) * QUERIES;
  size_t n = get_global_id(1);
  if (start >= tokens) return;
  int size = channels / heads;
  queries += n * head_pitch * token_pitch + start;
  keys += n * head_pitch * token_pitch;
  values += n * token_pitch * head_pitch;
  partial += (n * token_pitch + start) * head_pitch;

  float maxima[QUERIES];
  vector sums[QUERIES];
  float weights[QUERIES * 2 * LANES];
  float corrections[QUERIES];
#pragma unroll
  for (int q = 0; q < QUERIES; q++) {
    maxima[q] = -INFINITY;
    sums[q] = (vector)(0.0f);
  }
  for (int tile = 0; tile < tokens; tile += 2 * LANES) {
    vector scores0[QUERIES], scores1[QUERIES];
#pragma unroll
    for (int q = 0; q < QUERIES; q++) {
      scores0[q] = (vector)(0.0f);
      scores1[q] = (vector)(0.0f);
    }
    for (int i = 0; i < size; i++) {
      vector keys0 = load(keys + (size_t)i * token_pitch + tile);
      vector keys1 = load(keys + (size_t)i * token_pitch + tile + LANES);
#pragma unroll
      for (int q = 0; q < QUERIES; q++) {
        vector query = (vector)(queries[(size_t)i * token_pitch + q]);
        scores0[q] += query * keys0;
        scores1[q] += query * keys1;
      }
    }
    vector_mask exists0 = LANE_INDICES + tile < (vector_mask)(tokens);
    vector_mask exists1 = LANE_INDICES + (tile + LANES) < (vector_mask)(tokens);
#pragma unroll
    for (int q = 0; q < QUERIES; q++) {
      vector score0 = select((vector)(-INFINITY), scale * scores0[q], exists0);
      vector score1 = select((vector)(-INFINITY), scale * scores1[q], exists1);
      float maximum = fmax(maxima[q], largest(fmax(score0, score1)));
      float correction = exp(maxima[q] - maximum);
      vector weight0 = exp(score0 - maximum), weight1 = exp(score1 - maximum);
      sums[q] = sums[q] * correction + weight0 + weight1;
      maxima[q] = maximum;
      corrections[q] = correction;
      store(weight0, weights + q * 2 * LANES);
      store(weight1, weights + q * 2 * LANES + LANES);
    }
    int last = min(2 * LANES, tokens - tile);
    for (int i = 0; i < head_pitch; i += 2 * LANES) {
      vector outputs0[QUERIES], outputs1[QUERIES];
#pragma unroll
      for (int q = 0; q < QUERIES; q++) {
        // Before the first tile there is nothing there, not even a number.
        vector old0 = load(partial + q * head_pitch + i), old1 = load(partial + q * head_pitch + i + LANES);
        outputs0[q] = tile == 0 ? (vector)(0.0f) : old0 * corrections[q];
        outputs1[q] = tile == 0 ? (vector)(0.0f) : old1 * corrections[q];
      }
      for (int key = 0; key < last; key++) {
        global const float *row = values + (size_t)(tile + key) * head_pitch + i;
        vector values0 = load(row), values1 = load(row + LANES);
#pragma unroll
        for (int q = 0; q < QUERIES; q++) {
          vector weight = (vector)(weights[q * 2 * LANES + key]);
          outputs0[q] += weight * values0;
          outputs1[q] += weight * values1;
        }
      }
#pragma unroll
      for (int q = 0; q < QUERIES; q++) {
        store(outputs0[q], partial + q * head_pitch + i);
        store(outputs1[q], partial + q * head_pitch + i + LANES);
      }
    }
  }

  size_t sample = n / heads;
  int head = (int)(n - sample * heads);
  for (int q = 0; q < min(QUERIES, tokens - start); q++) {
    global element *pixel = output + (sample * tokens + start + q) * PADDED(channels);
    float inverse = 1.0f / total(sums[q]);
    for (int i = 0; i < size; i++) set_element(partial[q * head_pitch + i] * inverse, pixel + head * size + i);
    int end = head == heads - 1 ? PADDED(channels) : 0;
    for (int c = channels; c < end; c++) set_element(0.0f, pixel + c);
  }
}

__attribute__((reqd_work_group_size(KEY_TILE, 1, 1))) kernel void attend_tiled(
    global const float *queries, global const float *keys, global const float *values, global float *partial,
    global element *output, int channels, int heads, int tokens, int token_pitch, int head_pitch, float scale) {
  local float weights[KEY_TILE * QUERY_TILE];
  local float maxima[QUERY_TILE], sums[QUERY_TILE], corrections[QUERY_TILE];
  int item = (int)get_local_id(0);
  int start = (int)get_group_id(0) * QUERY_TILE;
  size_t n = get_group_id(1);
  int size = channels / heads;
  queries += n * head_pitch * token_pitch + start;
  keys += n * head_pitch * token_pitch;
  values += n * token_pitch * head_pitch;
  partial += (n * token_pitch + start) * head_pitch;
  if (item < QUERY_TILE) {
    maxima[item] = -INFINITY;
    sums[item] = 0.0f;
  }
  for (int tile = 0; tile < tokens; tile += KEY_TILE) {
    float4 scores[QUERY_TILE / 4];
#pragma unroll
    for (int q = 0; q < QUERY_TILE / 4; q++) scores[q] = (float4)(0.0f);
    for (int i = 0; i < size; i++) {
      float key = keys[(size_t)i * token_pitch + tile + item];
#pragma unroll
      for (int q = 0; q < QUERY_TILE / 4; q++) scores[q] += key * vload4(q, queries + (size_t)i * token_pitch);
    }
    bool exists = tile + item < tokens;
#pragma unroll
    for (int q = 0; q < QUERY_TILE / 4; q++) {
      vstore4(exists ? scale * scores[q] : (float4)(-INFINITY), q, weights + item * QUERY_TILE);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < QUERY_TILE) {
      float maximum = maxima[item];
      for (int key = 0; key < KEY_TILE; key++) maximum = fmax(maximum, weights[key * QUERY_TILE + item]);
      float correction = exp(maxima[item] - maximum);
      float sum = sums[item] * correction;
      for (int key = 0; key < KEY_TILE; key++) {
        float weight = exp(weights[key * QUERY_TILE + item] - maximum);
        weights[key * QUERY_TILE + item] = weight;
        sum += weight;
      }
      maxima[item] = maximum;
      sums[item] = sum;
      corrections[item] = correction;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = item; i < head_pitch; i += KEY_TILE) {
      float outputs[QUERY_TILE];
#pragma unroll
      for (int q = 0; q < QUERY_TILE; q++) {
        // Before the first tile there is nothing there, not even a number.
        float old = partial[q * head_pitch + i];
        outputs[q] = tile == 0 ? 0.0f : old * corrections[q];
      }
      for (int key = 0; key < KEY_TILE; key++) {
        float value = values[(size_t)(tile + key) * head_pitch + i];
#pragma unroll
        for (int q = 0; q < QUERY_TILE; q++) outputs[q] += weights[key * QUERY_TILE + q] * value;
      }
#pragma unroll
      for (int q = 0; q < QUERY_TILE; q++) partial[q * head_pitch + i] = outputs[q];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }

  size_t sample = n / heads;
  int head = (int)(n - sample * heads);
  for (int q = 0; q < min(QUERY_TILE, tokens - start); q++) {
    global element *pixel = output + (sample * tokens + start + q) * PADDED(channels);
    float inverse = 1.0f / sums[q];
    for (int i = item; i < size; i += KEY_TILE) set_element(partial[q * head_pitch + i] * inverse, pixel + head * size + i);
    int end = head == heads - 1 ? PADDED(channels) : 0;
    for (int c = channels + item; c < end; c += KEY_TILE) set_element(0.0f, pixel + c);
  }
}
