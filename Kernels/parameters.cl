// Forms of parameters that other kernels read, made of the values as an optimiser has them.
//
//   copy_columns   out[r, c] = in[r, first + c], zero for columns <= c < new_pitch
//   mirror_filter  out[i - first, o, t] = sum of in[o, i, s] over the taps s that fall on tap t of an input's gradient
//                    not doubled: s = taps - 1 - t; doubled: of a 3x3 filter the rows max(2 - y, 0) to min(3 - y, 2) fall on
//                    row y of 4, columns likewise
//
// A work-group has GROUP_SIZE work-items and owns as many neighbouring values of the output; a work-item owns one. No local
// memory.

ELEMENTWISE kernel void copy_columns(
    global const float *source, global float *destination, int pitch, int first, int columns, int new_pitch, int count) {
  size_t index = get_global_id(0);
  if (index >= count) return;
  int column = (int)(index % new_pitch);
  destination[index] = column < columns ? source[index / new_pitch * pitch + first + column] : 0.0f;
}

// outputs, inputs and taps are those of the filter that is read, first is the first of its inputs that is wanted.
ELEMENTWISE kernel void mirror_filter(
    global const float *filter, global float *mirrored, int outputs, int inputs, int first, int taps, int doubled,
    int count) {
  size_t index = get_global_id(0);
  if (index >= count) return;
  int result_taps = doubled ? 16 : taps;
  int tap = (int)(index % result_taps);
  int rest = (int)(index / result_taps);
  int output = rest % outputs;
  int input = first + rest / outputs;
  global const float *values = filter + ((size_t)output * inputs + input) * taps;
  if (!doubled) {
    mirrored[index] = values[taps - 1 - tap];
    return;
  }
  int y = tap / 4, x = tap % 4;
  float sum = 0.0f;
  for (int row = max(2 - y, 0); row <= min(3 - y, 2); row++) {
    for (int column = max(2 - x, 0); column <= min(3 - x, 2); column++) sum += values[row * 3 + column];
  }
  mirrored[index] = sum;
}
