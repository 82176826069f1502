// The filter's gradient: out[o, i, r, s] = sum over b, y, x of g[b, o, y, x] in'[b, i, stride y + r - top, stride x + s - left].
//
// filter_gradient       a work-item, a group of its own, owns FILTER_ROWS input channels, 2 * LANES output channels and a range
//                       of samples. It keeps the sums of a tap in registers while it goes through one sample, whose pixels
//                       stay in cache for all taps, and in
//                         sums[piece][panel][tap][channel of both operands][2 * LANES]
//                       Global size: (input channels / FILTER_ROWS, panels of 2 * LANES output channels, pieces).
// fold_filter_gradient  a work-item owns one value of the filter and adds the pieces up.
#define FILTER_ROWS 8

__attribute__((reqd_work_group_size(1, 1, 1))) __attribute__((vec_type_hint(vector))) kernel void filter_gradient(
    global const element *source, global const element *gradient, global float *sums, int channels, int base,
    int all_channels, int outputs, int height, int width, int output_height, int output_width, int samples, int taps, int filter_width,
    int stride, int top, int left, int shift, int pieces) {
  int channel = (int)get_global_id(0) * FILTER_ROWS;
  int panel = (int)get_global_id(1), piece = (int)get_global_id(2);
  if (channel >= channels) return;
  int rows = min(FILTER_ROWS, channels - channel);
  int first = (int)((long)piece * samples / pieces), last = (int)((long)(piece + 1) * samples / pieces);
  int output = panel * 2 * LANES, pitch = PADDED(channels), gradient_pitch = PADDED(outputs);
  int has_second = output + LANES < gradient_pitch;
  size_t block = ((size_t)piece * get_global_size(1) + panel) * taps;
  for (int tap = 0; tap < taps; tap++) {
    global float *to = sums + ((block + tap) * all_channels + base + channel) * 2 * LANES;
    for (int row = 0; row < rows; row++) {
      store((vector)(0.0f), to + row * 2 * LANES);
      store((vector)(0.0f), to + row * 2 * LANES + LANES);
    }
  }
  for (int sample = first; sample < last; sample++) {
    for (int tap = 0; tap < taps; tap++) {
      int r = tap / filter_width - top, s = tap % filter_width - left;
      // The outputs of a row whose inputs lie inside: 0 <= stride x + s < width << shift.
      int begin = s < 0 ? (-s + stride - 1) / stride : 0;
      int end = min(output_width, ((width << shift) - s + stride - 1) / stride);
      vector sums0[FILTER_ROWS], sums1[FILTER_ROWS];
#pragma unroll
      for (int row = 0; row < FILTER_ROWS; row++) {
        sums0[row] = (vector)(0.0f);
        sums1[row] = (vector)(0.0f);
      }
      for (int y = 0; y < output_height; y++) {
        int input_row = stride * y + r;
        if (input_row < 0 || input_row >= height << shift) continue;
        global const element *line =
            source + ((size_t)sample * height + (input_row >> shift)) * width * pitch + channel;
        global const element *g =
            gradient + ((size_t)sample * output_height + y) * output_width * gradient_pitch + output;
        for (int x = begin; x < end; x++) {
          vector g0 = load_elements(g + (size_t)x * gradient_pitch);
          vector g1 = has_second ? load_elements(g + (size_t)x * gradient_pitch + LANES) : (vector)(0.0f);
          // Channels are padded to a multiple of sixteen, so all FILTER_ROWS of them can be read.
          global const element *values = line + (size_t)((stride * x + s) >> shift) * pitch;
#pragma unroll
          for (int row = 0; row < FILTER_ROWS; row++) {
            vector value = (vector)(get_element(values + row));
            sums0[row] += value * g0;
            sums1[row] += value * g1;
          }
        }
      }
      global float *to = sums + ((block + tap) * all_channels + base + channel) * 2 * LANES;
#pragma unroll
      for (int row = 0; row < FILTER_ROWS; row++) {
        if (row >= rows) continue;
        global float *place = to + row * 2 * LANES;
        store(load(place) + sums0[row], place);
        store(load(place + LANES) + sums1[row], place + LANES);
      }
    }
  }
}

__attribute__((reqd_work_group_size(GROUP_SIZE, 1, 1))) kernel void fold_filter_gradient(
    global const float *sums, global float *destination, int channels, int taps, int panels, int pieces, int count) {
  size_t index = get_global_id(0);
  if (index >= count) return;
  int tap = (int)(index % taps);
  int channel = (int)(index / taps % channels);
  int output = (int)(index / taps / channels);
  int panel = output / (2 * LANES);
  size_t place = (((size_t)panel * taps + tap) * channels + channel) * 2 * LANES + output % (2 * LANES);
  size_t step = (size_t)panels * taps * channels * 2 * LANES;
  float sum = 0.0f;
  for (int piece = 0; piece < pieces; piece++) sum += sums[place + piece * step];
  destination[index] = sum;
}
