// The gradient of attention, for some heads of some samples: n = sample * heads + head counts from `first_head`.
//
// attention_weights    a work-item owns a query: weights[n - first][query][key] = P, changes likewise = P (dP - sum of dP P)
// attention_gradient   a work-item owns LANES dimensions of a token of a head and writes three places of the gradient:
//                        dQ = scale changes K    dK = scale changes^T Q    dV = weights^T G

// The sum of the products of `size` values.
float dot_of(global const element *a, global const element *b, int size) {
  vector sum = (vector)(0.0f);
  for (int i = 0; i < size; i += LANES) sum += load_some_elements(a + i, size - i) * load_some_elements(b + i, size - i);
  return total(sum);
}

__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void attention_weights(
    global const element *projections, global const element *gradient, global float *weights, global float *changes,
    int channels, int heads, int tokens, int first_head, int count, float scale) {
  size_t index = get_global_id(0);
  if (index >= (size_t)count * tokens) return;
  int place = (int)(index / tokens), query = (int)(index - (size_t)place * tokens);
  int n = first_head + place, sample = n / heads, size = channels / heads, pitch = PADDED(3 * channels);
  global const element *base = projections + (size_t)sample * tokens * pitch + (n - sample * heads) * size;
  global const element *q = base + (size_t)query * pitch;
  global const element *g =
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
    global const element *projections, global const element *gradient, global const float *weights,
    global const float *changes, global element *destination, int channels, int heads, int tokens, int first_head,
    int count, float scale) {
  size_t index = get_global_id(0);
  int size = channels / heads, vectors = (size + LANES - 1) / LANES, pitch = PADDED(3 * channels);
  if (index >= (size_t)count * tokens * vectors) return;
  int i = (int)(index % vectors) * LANES;
  int token = (int)(index / vectors % tokens), place = (int)(index / vectors / tokens);
  int n = first_head + place, sample = n / heads, head = n - sample * heads, left = size - i;
  global const element *base = projections + (size_t)sample * tokens * pitch + head * size + i;
  global const element *g = gradient + (size_t)sample * tokens * PADDED(channels) + head * size + i;
  global const float *weight = weights + (size_t)place * tokens * tokens;
  global const float *change = changes + (size_t)place * tokens * tokens;
  vector query = (vector)(0.0f), key = (vector)(0.0f), value = (vector)(0.0f);
  for (int other = 0; other < tokens; other++) {
    global const element *row = base + (size_t)other * pitch;
    query += change[(size_t)token * tokens + other] * load_some_elements(row + channels, left);
    key += change[(size_t)other * tokens + token] * load_some_elements(row, left);
    value += weight[(size_t)other * tokens + token] * load_some_elements(g + (size_t)other * PADDED(channels), left);
  }
  global element *to = destination + ((size_t)sample * tokens + token) * pitch + head * size + i;
  store_some_elements(scale * query, to, left);
  store_some_elements(scale * key, to + channels, left);
  store_some_elements(value, to + 2 * channels, left);
  if (head == heads - 1 && left <= LANES)
    for (int c = 3 * channels; c < pitch; c++) set_element(0.0f, destination + ((size_t)sample * tokens + token) * pitch + c);
}
