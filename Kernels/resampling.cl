// Changes of size without weights.
//
//   halve          out[b, c, y, x] = mean of in[b, c, 2y + (0, 1), 2x + (0, 1)]     odd last rows and columns are dropped
//   repeat_pixels  out[b, c, y, x] = in[b, c, y / 2, x / 2]
//
// height and width are those of the input. A work-group has GROUP_SIZE work-items and owns as many neighbouring vectors
// of the output; a work-item owns LANES channels of one pixel. No local memory.

ELEMENTWISE kernel void halve(
    global const float *source, global float *destination, int channels, int height, int width, int vectors) {
  size_t index = get_global_id(0);
  if (index >= vectors) return;
  int pixel_vectors = PADDED(channels) / LANES;
  int pixel = (int)(index / pixel_vectors);
  int channel = (int)(index - (size_t)pixel * pixel_vectors) * LANES;
  int row = pixel / (width / 2);
  int column = pixel - row * (width / 2);
  int sample = row / (height / 2);
  row -= sample * (height / 2);
  size_t corner = ((size_t)sample * height + 2 * row) * width + 2 * column;
  global const float *upper = source + corner * PADDED(channels) + channel;
  global const float *lower = upper + (size_t)width * PADDED(channels);
  vector sum = load(upper) + load(upper + PADDED(channels)) + (load(lower) + load(lower + PADDED(channels)));
  store(0.25f * sum, destination + index * LANES);
}

ELEMENTWISE kernel void repeat_pixels(
    global const float *source, global float *destination, int channels, int height, int width, int vectors) {
  size_t index = get_global_id(0);
  if (index >= vectors) return;
  int pixel_vectors = PADDED(channels) / LANES;
  int pixel = (int)(index / pixel_vectors);
  int channel = (int)(index - (size_t)pixel * pixel_vectors) * LANES;
  int row = pixel / (2 * width);
  int column = pixel - row * (2 * width);
  int sample = row / (2 * height);
  row -= sample * (2 * height);
  size_t from = ((size_t)sample * height + row / 2) * width + column / 2;
  store(load(source + from * PADDED(channels) + channel), destination + index * LANES);
}
