// Attention on tensor cores from elements of 16 bits; the formula and the activations are those of attention.cl.
//
// attend_tensor_cores  a group of 4 warps owns 64 queries of one head and 128 of its dimensions, a warp 16 queries. It goes
//                        through the keys by 64: scores from queries and keys that come in by 32 dimensions, one step ahead of
//                        the products; then weights, by running maxima and sums (Milakov and Gimelshein 2018), which become
//                        fragments without leaving the registers (Dao 2023); then their products with the values.
//                        The size of a head and the channels are multiples of 8. Group: 128. Global size:
//                        (tokens / 64, batch * heads, size / 128) groups, rounded up. Local memory: 32 KB.
//
// Rows of steps lie as piece_of says; piece p of a row r of 128 values lies at p ^ (r % 8).
#if STORAGE

#define QUERIES_OF_GROUP 64
#define KEYS_OF_TILE 64
#define VALUES_OF_GROUP 128
#define ATTENTION_ITEMS 128
#define SCORE_STAGE ((QUERIES_OF_GROUP + KEYS_OF_TILE) * STEP)

// Where a piece of a row of values lies.
int value_piece(int row, int piece) { return row * VALUES_OF_GROUP + (piece ^ (row % 8)) * 8; }

// Begins to copy one step of queries and keys: a work-item copies a piece of two rows of both.
void copy_step(
    copy_queue *queue, local ushort *to, global const element *queries, global const element *keys, int pitch, int step,
    int first_query, int first_key, int tokens, int size, int item) {
  int piece = item % 4, dimension = step * STEP + piece * 8;
  for (int n = 0; n < 2; n++) {
    int row = item / 4 + n * 32, query = first_query + row, key = first_key + row;
    bool inside = dimension < size, query_exists = inside && query < tokens, key_exists = inside && key < tokens;
    global const element *from = queries + (size_t)query * pitch + dimension;
    start_copy(queue, to + piece_of(row, piece), query_exists ? from : queries, query_exists);
    from = keys + (size_t)key * pitch + dimension;
    start_copy(queue, to + QUERIES_OF_GROUP * STEP + piece_of(row, piece), key_exists ? from : keys, key_exists);
  }
}

// Begins to copy the values of a tile of keys: a work-item copies eight pieces.
void copy_values(
    copy_queue *queue, local ushort *to, global const element *values, int pitch, int first_key, int tokens, int size,
    int item) {
  int piece = item % 16;
  for (int n = 0; n < 8; n++) {
    int row = item / 16 + n * 8, key = first_key + row;
    bool exists = piece * 8 < size && key < tokens;
    global const element *from = values + (size_t)key * pitch + piece * 8;
    start_copy(queue, to + value_piece(row, piece), exists ? from : values, exists);
  }
}

__attribute__((reqd_work_group_size(ATTENTION_ITEMS, 1, 1))) kernel void attend_tensor_cores(
    global const element *projections, global element *output, int channels, int heads, int tokens, float scale) {
  local ushort tiles[2 * SCORE_STAGE];
  local ushort value_tile[KEYS_OF_TILE * VALUES_OF_GROUP];
  EXCHANGE(ATTENTION_ITEMS)
  int item = (int)get_local_id(0), lane = item % WARP, warp = item / WARP;
  int first_query = (int)get_group_id(0) * QUERIES_OF_GROUP;
  int sample = (int)get_group_id(1) / heads, head = (int)get_group_id(1) % heads;
  int part = (int)get_group_id(2) * VALUES_OF_GROUP;
  int size = channels / heads, pitch = PADDED(3 * channels), steps = (size + STEP - 1) / STEP;
  global const element *queries = projections + (size_t)sample * tokens * pitch + head * size;
  global const element *keys = queries + channels, *values = keys + channels + part;

  float2 maxima = (float2)(-INFINITY), totals = (float2)(0.0f);
  float4 outputs[VALUES_OF_GROUP / 8];
#pragma unroll
  for (int j = 0; j < VALUES_OF_GROUP / 8; j++) outputs[j] = (float4)(0.0f);

  copy_queue queue = {0};
  for (int first_key = 0; first_key < tokens; first_key += KEYS_OF_TILE) {
    float4 scores[KEYS_OF_TILE / 8];
#pragma unroll
    for (int j = 0; j < KEYS_OF_TILE / 8; j++) scores[j] = (float4)(0.0f);
    // Every warp has left the tiles of the keys before.
    barrier(CLK_LOCAL_MEM_FENCE);
    copy_values(&queue, value_tile, values, pitch, first_key, tokens, size - part, item);
    copy_step(&queue, tiles, queries, keys, pitch, 0, first_query, first_key, tokens, size, item);
    commit_copies(&queue);
    for (int step = 0; step < steps; step++) {
      if (step + 1 < steps) {
        copy_step(
            &queue, tiles + (step + 1) % 2 * SCORE_STAGE, queries, keys, pitch, step + 1, first_query, first_key, tokens,
            size, item);
      }
      commit_copies(&queue);
      wait_for_copies(&queue, 1);
      barrier(CLK_LOCAL_MEM_FENCE);
      local const ushort *query_tile = tiles + step % 2 * SCORE_STAGE, *key_tile = query_tile + QUERIES_OF_GROUP * STEP;
#pragma unroll
      for (int k = 0; k < STEP / 16; k++) {
        uint4 query = load_matrices(query_tile, piece_of(warp * 16 + lane % 16, 2 * k + lane / 16), NO_EXCHANGE);
#pragma unroll
        for (int j = 0; j < KEYS_OF_TILE / 16; j++) {
          int row = j * 16 + lane / 16 * 8 + lane % 8;
          uint4 key = load_matrices(key_tile, piece_of(row, 2 * k + lane / 8 % 2), NO_EXCHANGE);
          scores[2 * j] = multiply_fragments(query, key.xy, scores[2 * j], NO_EXCHANGE);
          scores[2 * j + 1] = multiply_fragments(query, key.zw, scores[2 * j + 1], NO_EXCHANGE);
        }
      }
      // Every warp has left the tile that is filled next.
      barrier(CLK_LOCAL_MEM_FENCE);
    }

    // The largest scores of rows g and g + 8, those of keys past the last one being -infinity.
    float2 largest_scores = maxima;
#pragma unroll
    for (int j = 0; j < KEYS_OF_TILE / 8; j++) {
      int key = first_key + j * 8 + lane % 4 * 2;
      scores[j] *= scale;
      if (key >= tokens) scores[j].xz = (float2)(-INFINITY);
      if (key + 1 >= tokens) scores[j].yw = (float2)(-INFINITY);
      largest_scores = fmax(largest_scores, fmax(scores[j].xz, scores[j].yw));
    }
    largest_scores = fmax(largest_scores, of_neighbour(largest_scores, 1, NO_EXCHANGE));
    largest_scores = fmax(largest_scores, of_neighbour(largest_scores, 2, NO_EXCHANGE));
    float2 corrections = exp(maxima - largest_scores);
    maxima = largest_scores;
    totals *= corrections;
#pragma unroll
    for (int j = 0; j < KEYS_OF_TILE / 8; j++) {
      scores[j] = exp(scores[j] - maxima.xxyy);
      totals += scores[j].xz + scores[j].yw;
    }
#pragma unroll
    for (int j = 0; j < VALUES_OF_GROUP / 8; j++) outputs[j] *= corrections.xxyy;

#pragma unroll
    for (int k = 0; k < KEYS_OF_TILE / 16; k++) {
      uint4 weights;
      weights.x = pack_pair(scores[2 * k].xy, NO_EXCHANGE);
      weights.y = pack_pair(scores[2 * k].zw, NO_EXCHANGE);
      weights.z = pack_pair(scores[2 * k + 1].xy, NO_EXCHANGE);
      weights.w = pack_pair(scores[2 * k + 1].zw, NO_EXCHANGE);
#pragma unroll
      for (int j = 0; j < VALUES_OF_GROUP / 16; j++) {
        uint4 value = load_transposed(value_tile, value_piece(k * 16 + lane % 16, 2 * j + lane / 16), NO_EXCHANGE);
        outputs[2 * j] = multiply_fragments(weights, value.xy, outputs[2 * j], NO_EXCHANGE);
        outputs[2 * j + 1] = multiply_fragments(weights, value.zw, outputs[2 * j + 1], NO_EXCHANGE);
      }
    }
  }

  totals += of_neighbour(totals, 1, NO_EXCHANGE);
  totals += of_neighbour(totals, 2, NO_EXCHANGE);
  float2 inverse = 1.0f / totals;
  // The last head writes the padding too.
  int end = head == heads - 1 ? PADDED(channels) - head * size : size;
#pragma unroll
  for (int side = 0; side < 2; side++) {
    int query = first_query + warp * 16 + lane / 4 + 8 * side;
    if (query >= tokens) continue;
    global element *pixel = output + ((size_t)sample * tokens + query) * PADDED(channels) + head * size;
#pragma unroll
    for (int j = 0; j < VALUES_OF_GROUP / 8; j++) {
      int dimension = part + j * 8 + lane % 4 * 2;
      float2 result = side == 0 ? outputs[j].xy * inverse.x : outputs[j].zw * inverse.y;
      if (dimension < size) store_values(2, result, pixel + dimension);
      else if (dimension < end) store_values(2, (float2)(0.0f), pixel + dimension);
    }
    if (part + VALUES_OF_GROUP >= size) {
      for (int dimension = part + VALUES_OF_GROUP + lane % 4 * 2; dimension < end; dimension += 8) {
        store_values(2, (float2)(0.0f), pixel + dimension);
      }
    }
  }
}

#endif
