// Changes of size without weights.
//
//   halve          out[b, c, y, x] = mean of in[b, c, 2y + (0, 1), 2x + (0, 1)]     odd last rows and columns are dropped
//   repeat_pixels  out[b, c, y, x] = in[b, c, y / 2, x / 2]
//   blur           out[b, c, y, x] = sum over r, s in -1, 0, 1 of w[r] w[s] in[b, c, y + r, x + s], w = 1/4, 1/2, 1/4, zero outside;
//                    the output is larger by margin on every side: by one, as far as the blur reaches, or by none, or smaller by one
//   pool_windows   out[b, c, y, x] = largest or mean of in[b, c, stride * y + r - padding, stride * x + s - padding], 0 <= r, s < size
//                    only pixels inside of the image count, at least one a window; a NaN among them makes the result one
//   spread_pixels  out[b, c, stride y, stride x] = in[b, c, y, x], zero elsewhere
//
// height and width are those of the input. A work-group has GROUP_SIZE work-items and owns as many neighbouring vectors
// of the output; a work-item owns LANES channels of one pixel. No local memory.

ELEMENTWISE kernel void halve(
    global const element *source, global element *destination, int channels, int height, int width, int vectors) {
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
  global const element *upper = source + corner * PADDED(channels) + channel;
  global const element *lower = upper + (size_t)width * PADDED(channels);
  vector sum = load_elements(upper) + load_elements(upper + PADDED(channels)) + (load_elements(lower) + load_elements(lower + PADDED(channels)));
  store_elements(0.25f * sum, destination + index * LANES);
}

ELEMENTWISE kernel void repeat_pixels(
    global const element *source, global element *destination, int channels, int height, int width, int vectors) {
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
  store_elements(load_elements(source + from * PADDED(channels) + channel), destination + index * LANES);
}

ELEMENTWISE kernel void blur(
    global const element *source, global element *destination, int channels, int height, int width, int margin, int vectors) {
  size_t index = get_global_id(0);
  if (index >= vectors) return;
  int pixel_vectors = PADDED(channels) / LANES, out_height = height + 2 * margin, out_width = width + 2 * margin;
  int pixel = (int)(index / pixel_vectors);
  int channel = (int)(index - (size_t)pixel * pixel_vectors) * LANES;
  int row = pixel / out_width, sample = row / out_height;
  int column = pixel - row * out_width - margin;
  row -= sample * out_height + margin;
  int line = width * PADDED(channels);
  global const element *image = source + (size_t)sample * height * line + channel;
  vector sum = (vector)(0.0f);
  for (int s = -1; s <= 1; s++) {
    if (column + s < 0 || column + s >= width) continue;
    global const element *place = image + (row * width + column + s) * PADDED(channels);
    vector values = row >= 0 && row < height ? 2.0f * load_elements(place) : (vector)(0.0f);
    if (row > 0) values += load_elements(place - line);
    if (row + 1 < height) values += load_elements(place + line);
    sum += (s == 0 ? 2.0f : 1.0f) * values;
  }
  store_elements(0.0625f * sum, destination + index * LANES);
}

ELEMENTWISE kernel void pool_windows(
    global const element *source, global element *destination, int channels, int height, int width, int out_height,
    int out_width, int size, int stride, int padding, int is_maximum, int vectors) {
  size_t index = get_global_id(0);
  if (index >= vectors) return;
  int pixel_vectors = PADDED(channels) / LANES;
  int pixel = (int)(index / pixel_vectors);
  int channel = (int)(index - (size_t)pixel * pixel_vectors) * LANES;
  int row = pixel / out_width;
  int left = (pixel - row * out_width) * stride - padding;
  int sample = row / out_height;
  int top = (row - sample * out_height) * stride - padding;
  int first_row = max(top, 0), last_row = min(top + size, height);
  int first = max(left, 0), last = min(left + size, width);
  global const element *image = source + (size_t)sample * height * width * PADDED(channels) + channel;
  vector result = is_maximum ? (vector)(-INFINITY) : (vector)(0.0f);
  for (int y = first_row; y < last_row; y++) {
    for (int x = first; x < last; x++) {
      vector value = load_elements(image + ((size_t)y * width + x) * PADDED(channels));
      // Unlike fmax, it keeps a NaN on either side.
      result = is_maximum ? select(value, result, result >= value || result != result) : result + value;
    }
  }
  store_elements(is_maximum ? result : result / (float)((last_row - first_row) * (last - first)), destination + index * LANES);
}

ELEMENTWISE kernel void spread_pixels(
    global const element *source, global element *destination, int channels, int height, int width, int stride,
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
    value = load_elements(source + from * PADDED(channels) + channel);
  }
  store_elements(value, destination + index * LANES);
}
