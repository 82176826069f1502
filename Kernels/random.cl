// Noise as a function of seed, key and place.
//
//   fill_normal    out[r, i] = normal(seeds[r], step, draw, i)      out exact [rows, row_length]
//
// Philox-4x32 with ten rounds (Salmon et al. 2011): key = (low, high half of the seed), counter = (i / 4, step, draw, 0).
// Its words w0...w3 give four normals (Box and Muller 1958):
//
//   u1 = w0 / 2^32 + 2^-33   r = sqrt(-2 ln u1)   z0 = r cos(2 pi w1 / 2^32)   z1 = r sin(2 pi w1 / 2^32)
//
// and z2, z3 likewise from w2, w3. seeds: two words a row, the low half first.
//   drop_values    out[b, place] = word >= threshold ? scale * x : 0     activations, place = pixel * channels + c
//
// word is word place % 4 of the counter (place / 4, step, draw, 1).
// A work-group has GROUP_SIZE work-items; a work-item owns one counter, four neighbouring values of one row; in drop_values
// LANES channels of one pixel. No local memory.

#define PHILOX_ROUNDS 10

uint4 philox(uint4 counter, uint2 key) {
  for (int round = 0; round < PHILOX_ROUNDS; round++) {
    uint high0 = mul_hi(0xD2511F53u, counter.x), low0 = 0xD2511F53u * counter.x;
    uint high1 = mul_hi(0xCD9E8D57u, counter.z), low1 = 0xCD9E8D57u * counter.z;
    counter = (uint4)(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
    key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
  }
  return counter;
}

// Two normals from two words. Above one half, ln u1 is taken from 1 - u1, which 32 bits hold exactly where u1 rounds to 1;
// the angle is taken from the word as a signed number, which is the same angle and twice as precise.
float2 box_muller(uint radius_word, uint angle_word) {
  float upper = ((float)(~radius_word) + 0.5f) * 0x1p-32f;
  float lower = ((float)radius_word + 0.5f) * 0x1p-32f;
  float logarithm = radius_word >= 0x80000000u ? log1p(-upper) : log(lower);
  float radius = sqrt(-2.0f * logarithm);
  float half_turns = (float)as_int(angle_word) * 0x1p-31f;
  return (float2)(radius * cospi(half_turns), radius * sinpi(half_turns));
}

__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void fill_normal(
    global float *destination, global const uint *seeds, uint step, uint draw, int row_length, int rows) {
  size_t index = get_global_id(0);
  int quads = (row_length + 3) / 4;
  int row = (int)(index / quads);
  if (row >= rows) return;
  int quad = (int)(index - (size_t)row * quads);
  uint4 words = philox((uint4)((uint)quad, step, draw, 0u), (uint2)(seeds[2 * row], seeds[2 * row + 1]));
  float normals[4];
  vstore2(box_muller(words.x, words.y), 0, normals);
  vstore2(box_muller(words.z, words.w), 1, normals);
  global float *place = destination + (size_t)row * row_length + quad * 4;
  for (int lane = 0; lane < min(4, row_length - quad * 4); lane++) place[lane] = normals[lane];
}

// `source` may be `destination`.
ELEMENTWISE kernel void drop_values(
    global const element *source, global element *destination, global const uint *seeds, uint step, uint draw, uint threshold,
    float scale, int channels, int pixels, int vectors) {
  size_t index = get_global_id(0);
  if (index >= vectors) return;
  int pixel_vectors = PADDED(channels) / LANES;
  int pixel = (int)(index / pixel_vectors);
  int channel = (int)(index - (size_t)pixel * pixel_vectors) * LANES;
  int sample = pixel / pixels;
  uint2 key = (uint2)(seeds[2 * sample], seeds[2 * sample + 1]);
  float lanes[LANES];
  store(load_elements(source + index * LANES), lanes);
  uint block = 0xFFFFFFFFu;
  uint words[4];
  for (int lane = 0; lane < min(LANES, channels - channel); lane++) {
    uint place = (uint)(pixel - sample * pixels) * (uint)channels + (uint)(channel + lane);
    if (place / 4 != block) {
      block = place / 4;
      vstore4(philox((uint4)(block, step, draw, 1u), key), 0, words);
    }
    lanes[lane] = words[place % 4] >= threshold ? scale * lanes[lane] : 0.0f;
  }
  store_elements(load(lanes), destination + index * LANES);
}
