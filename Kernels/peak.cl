// The most multiply-adds that a device does, from registers alone: what the rates of other kernels are compared with.
//
//   add_up    out[i] = the sum of 8 chains of `iterations` multiply-adds of LANES values
//
// A work-group has GROUP_SIZE work-items, each of which owns 8 chains. No local memory. The factor is an argument, so that
// no compiler can work the sums out beforehand.

ELEMENTWISE kernel void add_up(global float *destination, float factor, int iterations, int count) {
  size_t index = get_global_id(0);
  if (index >= count) return;
  vector a = (vector)(index), b = a + 1, c = a + 2, d = a + 3, e = a + 4, f = a + 5, g = a + 6, h = a + 7;
  for (int i = 0; i < iterations; i++) {
    a = a * factor + factor, b = b * factor + factor, c = c * factor + factor, d = d * factor + factor;
    e = e * factor + factor, f = f * factor + factor, g = g * factor + factor, h = h * factor + factor;
  }
  vector total = ((a + b) + (c + d)) + ((e + f) + (g + h));
  float parts[LANES], sum = 0;
  store(total, parts);
  for (int lane = 0; lane < LANES; lane++) sum += parts[lane];
  destination[index] = sum;
}
